/** The windows: which there are, what each shows, and how they open, hide and come back where they were. */
import {
  BrowserWindow,
  type BrowserWindowConstructorOptions,
  type Rectangle,
  screen,
  type WebContents,
} from 'electron';
import type { Log } from '../core/log/log.ts';
import type { Preferences } from './preferences.ts';
import { isOurUrl, origin } from './protocol.ts';

interface WindowKind {
  readonly title: string;
  /** The route of the panel it shows, as in `renderer/routes.ts`; the capture, run or panel asked for follows it. */
  readonly route: string;
  readonly width: number;
  readonly height: number;
  /** Hidden rather than closed, so that it is there at once. */
  readonly isKept: boolean;
  /** Comes up over everything where the person is working, and goes when they turn elsewhere. */
  readonly isFleeting: boolean;
}

const lasting = { isKept: false, isFleeting: false } as const;

export const windowKinds = {
  palette: { title: 'Potter', route: '/palette', width: 640, height: 460, isKept: true, isFleeting: true },
  main: { title: 'Potter', route: '/process', width: 760, height: 640, ...lasting },
  result: { title: 'Result', route: '/run', width: 760, height: 640, ...lasting },
  settings: { title: 'Settings', route: '', width: 980, height: 720, ...lasting },
  onboarding: { title: 'Welcome', route: '/welcome', width: 900, height: 720, ...lasting },
  monitor: { title: 'History', route: '/history', width: 980, height: 720, ...lasting },
} as const satisfies Record<string, WindowKind>;

export type WindowName = keyof typeof windowKinds;

/** The panels of the settings window. */
export const settingsPanels = ['actions', 'providers', 'hotkeys', 'settings', 'about'] as const;
export type SettingsPanel = (typeof settingsPanels)[number];

export interface WindowsOptions {
  /** Path of the built preload. */
  readonly preload: string;
  readonly icon: string;
  readonly platform: NodeJS.Platform;
  readonly hasDevTools: boolean;
  /** Where the bounds are remembered, and the last panel of the settings. */
  readonly preferences: Preferences;
  readonly log: Log;
}

/** At most one window of each kind. */
export class Windows {
  readonly #options: WindowsOptions;
  readonly #open = new Map<WindowName, BrowserWindow>();
  #isQuitting = false;

  constructor(options: WindowsOptions) {
    this.#options = options;
  }

  /** Creates a window without showing it. */
  prepare(name: WindowName): void {
    this.#find(name) ?? this.#create(name, urlOf(name));
  }

  /** Brings the palette up where the person is working, for a captured text or for none. */
  showPalette(captureId?: string): void {
    const url = urlOf('palette', captureId);
    const window = this.#find('palette') ?? this.#create('palette', url);
    const { workArea } = screen.getDisplayNearestPoint(screen.getCursorScreenPoint());
    window.setBounds(centred(windowKinds.palette, workArea));
    this.#show('palette', url);
  }

  /** Says whether the palette was open. */
  hidePalette(): boolean {
    const window = this.#find('palette');
    if (!window?.isVisible()) return false;
    window.hide();
    return true;
  }

  showMain(): void {
    this.#show('main', urlOf('main'));
  }

  /** The introduction, where it was left. */
  showOnboarding(): void {
    this.#show('onboarding', urlOf('onboarding'));
  }

  showHistory(): void {
    this.#show('monitor', urlOf('monitor'));
  }

  showRun(runId: string): void {
    this.#show('result', urlOf('result', runId));
  }

  /** At the panel where it was left if none is named. */
  showSettings(panel?: SettingsPanel): void {
    const url = urlOf('settings', panel ?? this.#lastPanel());
    const window = this.#find('settings');
    // Whoever only opens the settings keeps the place they have there.
    this.#show('settings', panel === undefined && window ? window.webContents.getURL() : url);
  }

  /** The name of the window these contents belong to; undefined for any that are none of ours. */
  nameOf(contents: WebContents): WindowName | undefined {
    for (const [name, window] of this.#open) {
      if (!window.isDestroyed() && window.webContents === contents) return name;
    }
    return undefined;
  }

  /** From now on closing closes, also a window that is otherwise kept. */
  close(): void {
    this.#isQuitting = true;
    for (const window of [...this.#open.values()]) window.close();
  }

  #find(name: WindowName): BrowserWindow | undefined {
    const window = this.#open.get(name);
    return window?.isDestroyed() ? undefined : window;
  }

  /** Brings it to the front with this address, opening it if need be. */
  #show(name: WindowName, url: string): void {
    const window = this.#find(name);
    if (!window) {
      const created = this.#create(name, url);
      created.once('ready-to-show', () => bringToFront(created));
      return;
    }
    if (window.webContents.getURL() !== url) this.#load(window, url);
    bringToFront(window);
  }

  #lastPanel(): SettingsPanel {
    const last = this.#options.preferences.get(lastPanelKey);
    return settingsPanels.find((panel) => panel === last) ?? 'actions';
  }

  #create(name: WindowName, url: string): BrowserWindow {
    const { preload, icon, platform, hasDevTools, log } = this.#options;
    const { title, width, height, isFleeting } = windowKinds[name];
    const window = new BrowserWindow({
      title,
      icon,
      width,
      height,
      show: false,
      ...(isFleeting ? fleeting(platform) : this.#lasting(name)),
      webPreferences: {
        preload,
        sandbox: true,
        contextIsolation: true,
        nodeIntegration: false,
        nodeIntegrationInSubFrames: false,
        nodeIntegrationInWorker: false,
        webSecurity: true,
        allowRunningInsecureContent: false,
        webviewTag: false,
        navigateOnDragDrop: false,
        devTools: hasDevTools,
        // Chromium fetches its dictionaries from its vendor.
        spellcheck: false,
      },
    });
    this.#open.set(name, window);
    this.#keep(name, window);
    window.webContents.on('render-process-gone', (_event, { reason }) => {
      log.error('a page died', { window: name, reason });
      window.destroy();
    });
    this.#load(window, url);
    return window;
  }

  #lasting(name: WindowName): BrowserWindowConstructorOptions {
    const workAreas = screen.getAllDisplays().map((display) => display.workArea);
    const remembered = usableBounds(this.#options.preferences.get(boundsKey(name)), workAreas);
    return { ...remembered, minWidth: 420, minHeight: 320 };
  }

  /** What becomes of a window that is closed or left, and what is remembered of it. */
  #keep(name: WindowName, window: BrowserWindow): void {
    const { preferences } = this.#options;
    const { isKept, isFleeting } = windowKinds[name];
    window.on('close', (event) => {
      if (!isFleeting) preferences.set(boundsKey(name), window.getNormalBounds());
      if (!isKept || this.#isQuitting) return;
      event.preventDefault();
      window.hide();
    });
    window.on('closed', () => {
      if (this.#open.get(name) === window) this.#open.delete(name);
    });
    // Its own developer tools take the focus too.
    if (isFleeting) window.on('blur', () => window.webContents.isDevToolsOpened() || window.hide());
    if (name !== 'settings') return;
    window.webContents.on('did-navigate-in-page', (_event, url, isMainFrame) => {
      const panel = isMainFrame && isOurUrl(url) ? panelOf(url) : undefined;
      if (panel !== undefined) preferences.set(lastPanelKey, panel);
    });
  }

  #load(window: BrowserWindow, url: string): void {
    window.loadURL(url).catch((error: unknown) => this.#options.log.warn('a page did not load', { url, error }));
  }
}

function fleeting(platform: NodeJS.Platform): BrowserWindowConstructorOptions {
  return {
    frame: false,
    alwaysOnTop: true,
    skipTaskbar: true,
    resizable: false,
    minimizable: false,
    maximizable: false,
    fullscreenable: false,
    // On macOS only a panel comes up over another program without taking its place as the active one.
    ...(platform === 'darwin' && { type: 'panel' }),
  };
}

/** In the middle of the area, and no larger than it. */
export function centred({ width, height }: { width: number; height: number }, area: Rectangle): Rectangle {
  const fitted = { width: Math.min(width, area.width), height: Math.min(height, area.height) };
  return {
    x: area.x + Math.round((area.width - fitted.width) / 2),
    y: area.y + Math.round((area.height - fitted.height) / 2),
    ...fitted,
  };
}

function panelOf(url: string): SettingsPanel | undefined {
  const [, area] = /#\/([a-z]+)/.exec(url) ?? [];
  return settingsPanels.find((panel) => panel === area);
}

/** What was remembered, when it is a rectangle of which enough is on a display to take hold of it. */
export function usableBounds(remembered: unknown, workAreas: readonly Rectangle[]): Rectangle | undefined {
  if (!isRectangle(remembered)) return undefined;
  const { x, y, width, height } = remembered;
  const bounds = { x, y, width, height };
  return workAreas.some((area) => isWithinReach(bounds, area)) ? bounds : undefined;
}

const leastVisible = { width: 120, height: 40 };

/** Windows are moved by their upper edge, so that must be inside. */
function isWithinReach(bounds: Rectangle, area: Rectangle): boolean {
  const visibleWidth = Math.min(bounds.x + bounds.width, area.x + area.width) - Math.max(bounds.x, area.x);
  const below = area.y + area.height - bounds.y;
  return visibleWidth >= leastVisible.width && bounds.y >= area.y && below >= leastVisible.height;
}

function isRectangle(value: unknown): value is Rectangle {
  if (typeof value !== 'object' || value === null) return false;
  const sides: Partial<Record<string, unknown>> = { ...value };
  const isWhole = (side: unknown): side is number => Number.isInteger(side) && Math.abs(side as number) < 100_000;
  return [sides.x, sides.y].every(isWhole) && [sides.width, sides.height].every((side) => isWhole(side) && side > 0);
}

function bringToFront(window: BrowserWindow): void {
  if (window.isMinimized()) window.restore();
  window.show();
  window.focus();
}

function urlOf(name: WindowName, place?: string): string {
  const { route } = windowKinds[name];
  return `${origin}/#${route}${place === undefined ? '' : `/${encodeURIComponent(place)}`}`;
}

const boundsKey = (name: WindowName): string => `windows.${name}`;
const lastPanelKey = 'panels.settings';
