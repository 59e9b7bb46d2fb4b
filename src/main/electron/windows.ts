/** The windows: which there are, what each shows, and how they open, hide and come back where they were. */
import { BrowserWindow, type Rectangle, screen, type WebContents } from 'electron';
import type { Preferences } from '../core/host.ts';
import type { Log } from '../core/log/log.ts';
import { origin } from './protocol.ts';

interface WindowKind {
  readonly title: string;
  /** The route of the panel it shows, as in `renderer/routes.ts`. */
  readonly route: string;
  readonly width: number;
  readonly height: number;
  /** Hidden rather than closed, so that it is there at once. */
  readonly isKept: boolean;
}

/** The windows whose panels exist. Settings and first steps join when their panels do. */
export const windowKinds = {
  palette: { title: 'Potter', route: '/process', width: 760, height: 640, isKept: true },
  result: { title: 'Result', route: '/run', width: 760, height: 640, isKept: false },
  monitor: { title: 'History', route: '/history', width: 980, height: 720, isKept: false },
} as const satisfies Record<string, WindowKind>;

export type WindowName = keyof typeof windowKinds;

export interface WindowsOptions {
  /** Path of the built preload. */
  readonly preload: string;
  readonly icon: string;
  readonly hasDevTools: boolean;
  /** Where the bounds are remembered. */
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

  /** Brings it to the front, opening it if need be. `runId` is the run a result window shows. */
  show(name: WindowName, runId?: string): void {
    const url = urlOf(name, runId);
    const window = this.#find(name);
    if (!window) {
      const created = this.#create(name, url);
      created.once('ready-to-show', () => bringToFront(created));
      return;
    }
    // The palette keeps what is in it; a result gives way to the one asked for.
    if (runId !== undefined && window.webContents.getURL() !== url) this.#load(window, url);
    bringToFront(window);
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

  #create(name: WindowName, url: string): BrowserWindow {
    const { preload, icon, hasDevTools, preferences, log } = this.#options;
    const { title, width, height, isKept } = windowKinds[name];
    const workAreas = screen.getAllDisplays().map((display) => display.workArea);
    const window = new BrowserWindow({
      title,
      icon,
      width,
      height,
      ...usableBounds(preferences.get(boundsKey(name)), workAreas),
      minWidth: 420,
      minHeight: 320,
      show: false,
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
    window.on('close', (event) => {
      preferences.set(boundsKey(name), window.getNormalBounds());
      if (!isKept || this.#isQuitting) return;
      event.preventDefault();
      window.hide();
    });
    window.on('closed', () => {
      if (this.#open.get(name) === window) this.#open.delete(name);
    });
    window.webContents.on('render-process-gone', (_event, { reason }) => {
      log.error('a page died', { window: name, reason });
      window.destroy();
    });
    this.#load(window, url);
    return window;
  }

  #load(window: BrowserWindow, url: string): void {
    window.loadURL(url).catch((error: unknown) => this.#options.log.warn('a page did not load', { url, error }));
  }
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

function urlOf(name: WindowName, runId?: string): string {
  const { route } = windowKinds[name];
  return `${origin}/#${route}${runId === undefined ? '' : `/${encodeURIComponent(runId)}`}`;
}

const boundsKey = (name: WindowName): string => `windows.${name}`;
