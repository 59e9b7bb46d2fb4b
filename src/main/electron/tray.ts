/** The icon beside the clock, its states and its menu. */
import { join } from 'node:path';
import { Menu, type MenuItemConstructorOptions, nativeImage, Tray } from 'electron';
import type { Stop } from '../../shared/transport.ts';
import { visibleText } from '../desktop/plain-text.ts';
import type { Status } from './status.ts';
import type { SettingsPanel } from './windows.ts';

export interface TrayOptions {
  /** Folder of the tray images. */
  readonly assets: string;
  readonly platform: NodeJS.Platform;
  /** Runs the current action on the selection. */
  readonly onRun: () => void;
  readonly onOpen: () => void;
  readonly onPalette: () => void;
  readonly onHistory: () => void;
  readonly onSettings: (panel?: SettingsPanel) => void;
  readonly onQuit: () => void;
}

export interface PotterTray {
  show(status: Status): void;
  /** Takes the icon away. */
  readonly remove: Stop;
}

export type TrayState = 'idle' | 'working' | 'attention';

/** What is under way is told before what is wrong: it passes. */
export function trayStateOf({ running, problems }: Status): TrayState {
  if (running > 0) return 'working';
  return problems.length > 0 ? 'attention' : 'idle';
}

export function createTray(options: TrayOptions): PotterTray {
  const { platform, onOpen } = options;
  const images = imagesOf(options);
  const tray = new Tray(images.idle);
  let state: TrayState = 'idle';
  const show = (status: Status): void => {
    const next = trayStateOf(status);
    if (next !== state) tray.setImage(images[next]);
    state = next;
    tray.setToolTip(toolTipOf(status));
    tray.setContextMenu(Menu.buildFromTemplate(menuOf(status, options)));
  };
  show({ running: 0, problems: [], current: undefined });
  // Elsewhere a click opens the menu.
  if (platform === 'win32') tray.on('click', onOpen);
  return { show, remove: () => tray.destroy() };
}

function imagesOf({ assets, platform }: TrayOptions): Readonly<Record<TrayState, Electron.NativeImage>> {
  const read = (state: TrayState): Electron.NativeImage => {
    const suffix = state === 'idle' ? '' : `-${state}`;
    const name = platform === 'darwin' ? `tray${suffix}-template.png` : `tray${suffix}.png`;
    const image = nativeImage.createFromPath(join(assets, name));
    // macOS colours a template image itself, dark on a light bar and light on a dark one.
    if (platform === 'darwin') image.setTemplateImage(true);
    return image;
  };
  return { idle: read('idle'), working: read('working'), attention: read('attention') };
}

/** Windows shows 127 characters. */
const longestToolTip = 120;

function toolTipOf({ running, problems }: Status): string {
  const [first] = problems;
  if (running > 0) return running === 1 ? 'Potter: working' : `Potter: working on ${running} texts`;
  return first === undefined ? 'Potter' : `Potter: ${visibleText(first.message, longestToolTip)}`;
}

function menuOf({ current, problems }: Status, options: TrayOptions): MenuItemConstructorOptions[] {
  const { onRun, onOpen, onPalette, onHistory, onSettings, onQuit } = options;
  const mending = problems.map(({ message, panel }) => ({
    label: label(visibleText(message, 80)),
    click: () => onSettings(panel),
  }));
  return [
    ...mending,
    ...(mending.length > 0 ? [{ type: 'separator' } as const] : []),
    {
      label: current === undefined ? 'Run the current action' : label(`Run “${visibleText(current, 50)}”`),
      click: onRun,
    },
    { label: 'Choose an action…', click: onPalette },
    { type: 'separator' },
    { label: 'Open Potter', click: onOpen },
    { label: 'History', click: onHistory },
    { label: 'Settings…', click: () => onSettings() },
    { type: 'separator' },
    { label: 'Quit Potter', click: onQuit },
  ];
}

/** An ampersand would be taken for the mark of a key. */
const label = (text: string): string => text.replaceAll('&', '&&');
