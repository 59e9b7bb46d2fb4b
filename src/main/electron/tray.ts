/** The icon beside the clock and its menu. */

import { join } from 'node:path';
import { Menu, nativeImage, Tray } from 'electron';
import type { Stop } from '../../shared/transport.ts';

export interface TrayOptions {
  /** Folder of the tray images. */
  readonly assets: string;
  readonly platform: NodeJS.Platform;
  readonly onOpen: () => void;
  readonly onHistory: () => void;
  readonly onQuit: () => void;
}

/** Stopping takes the icon away. */
export function createTray({ assets, platform, onOpen, onHistory, onQuit }: TrayOptions): Stop {
  const image = nativeImage.createFromPath(join(assets, platform === 'darwin' ? 'tray-template.png' : 'tray.png'));
  // macOS colours a template image itself, dark on a light bar and light on a dark one.
  if (platform === 'darwin') image.setTemplateImage(true);
  const tray = new Tray(image);
  tray.setToolTip('Potter');
  tray.setContextMenu(
    Menu.buildFromTemplate([
      { label: 'Open Potter', click: onOpen },
      { label: 'History', click: onHistory },
      { type: 'separator' },
      { label: 'Quit Potter', click: onQuit },
    ]),
  );
  // Elsewhere a click opens the menu.
  if (platform === 'win32') tray.on('click', onOpen);
  return () => tray.destroy();
}
