/**
 * Electron, as far as the shell uses it: what `import … from 'electron'` means in the tests. Each part is held to
 * `electron.d.ts`, so that one whose name or form changes there no longer compiles here. Windows show nothing; the ports
 * are real ports of Node, so that what crosses is really cloned.
 */
import { EventEmitter } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type Electron from 'electron';

// ─── main process: the app ───

type AppPart = Pick<
  Electron.App,
  | 'isPackaged'
  | 'enableSandbox'
  | 'requestSingleInstanceLock'
  | 'setAsDefaultProtocolClient'
  | 'setLoginItemSettings'
  | 'whenReady'
  | 'getVersion'
  | 'getAppPath'
  | 'getPath'
  | 'setPath'
  | 'quit'
  | 'exit'
  | 'relaunch'
>;

class FakeApp extends EventEmitter implements AppPart {
  isPackaged = false;
  /** What `requestSingleInstanceLock` answers, and what it was told. */
  hasLock = true;
  handover: unknown;
  readonly paths: Record<string, string> = { home: join(tmpdir(), 'nobody'), userData: tmpdir() };
  readonly done: string[] = [];
  readonly switches: [string, string | undefined][] = [];
  exitCode: number | undefined;
  readonly ready = Promise.withResolvers<void>();
  readonly dock = undefined;
  readonly commandLine = {
    appendSwitch: (name, value) => void this.switches.push([name, value]),
  } satisfies Pick<Electron.CommandLine, 'appendSwitch'>;

  enableSandbox(): void {
    this.done.push('enableSandbox');
  }
  requestSingleInstanceLock(additionalData?: Record<never, never>): boolean {
    this.done.push('requestSingleInstanceLock');
    this.handover = additionalData;
    return this.hasLock;
  }
  setAsDefaultProtocolClient(scheme: string): boolean {
    this.done.push(`setAsDefaultProtocolClient ${scheme}`);
    return true;
  }
  setLoginItemSettings({ openAtLogin }: Electron.Settings): void {
    this.done.push(`setLoginItemSettings ${openAtLogin}`);
  }
  whenReady(): Promise<void> {
    this.done.push('whenReady');
    return this.ready.promise;
  }
  getVersion(): string {
    return '9.9.9';
  }
  getAppPath(): string {
    return this.paths.app ?? projectRoot;
  }
  getPath(name: string): string {
    return this.paths[name] ?? tmpdir();
  }
  setPath(name: string, path: string): void {
    this.done.push(`setPath ${name}`);
    this.paths[name] = path;
  }
  /** As the real one: asks, then closes every window, then ends. */
  quit(): void {
    const event = preventable();
    this.emit('before-quit', event);
    if (event.defaultPrevented) return;
    for (const window of FakeBrowserWindow.getAllWindows()) window.close();
    if (FakeBrowserWindow.getAllWindows().length > 0) return;
    this.done.push('quit');
    this.emit('quit', preventable(), 0);
  }
  exit(code = 0): void {
    this.exitCode = code;
    this.done.push('exit');
  }
  relaunch(): void {
    this.done.push('relaunch');
  }
}

const projectRoot = fileURLToPath(new URL('../..', import.meta.url));

export const app = new FakeApp();

// ─── main process: windows and their contents ───

/** One frame of a page. Tests make subframes and foreign ones of it. */
export class FakeFrame implements Pick<Electron.WebFrameMain, 'isDestroyed' | 'detached' | 'url' | 'origin'> {
  url: string;
  parent: FakeFrame | null;
  detached = false;
  destroyed = false;

  constructor(url = '', parent: FakeFrame | null = null) {
    this.url = url;
    this.parent = parent;
  }
  /** Chromium's idea of an origin, which Node's URL does not share for schemes of one's own. */
  get origin(): string {
    return /^[a-z][a-z0-9+.-]*:\/\/[^/?#]+/.exec(this.url)?.[0] ?? 'null';
  }
  isDestroyed(): boolean {
    return this.destroyed;
  }
}

type OpenHandler = Parameters<Electron.WebContents['setWindowOpenHandler']>[0];

type ContentsPart = Pick<Electron.WebContents, 'getURL' | 'isDestroyed' | 'setWindowOpenHandler' | 'isDevToolsOpened'>;

export class FakeWebContents extends EventEmitter implements ContentsPart {
  mainFrame = new FakeFrame();
  destroyed = false;
  devToolsOpened = false;
  windowOpenHandler: OpenHandler | undefined;
  /** The far ends of the ports of the document that is shown. */
  readonly ports: MessagePort[] = [];

  constructor() {
    super();
    app.emit('web-contents-created', preventable(), this);
  }
  getURL(): string {
    return this.mainFrame.url;
  }
  isDestroyed(): boolean {
    return this.destroyed;
  }
  isDevToolsOpened(): boolean {
    return this.devToolsOpened;
  }
  setWindowOpenHandler(handler: OpenHandler): void {
    this.windowOpenHandler = handler;
  }

  // What a page does, for the tests.

  /** As a link or script in `frame` would: true when nobody prevented it. */
  tryToNavigate(url: string, frame = this.mainFrame): boolean {
    const isMainFrame = frame === this.mainFrame;
    const details = { ...preventableFields(), url, isSameDocument: false, isMainFrame, frame };
    if (isMainFrame) this.emit('will-navigate', details, url);
    this.emit('will-frame-navigate', details);
    if (!details.prevented && isMainFrame) this.showDocument(url);
    return !details.prevented;
  }
  /** As a link to another fragment of the same document, which nobody is asked about. */
  moveInPage(url: string): void {
    this.mainFrame.url = url;
    this.emit('did-navigate-in-page', preventable(), url, true, 1, 1);
  }
  tryToRedirect(url: string): boolean {
    const details = { ...preventableFields(), url, isSameDocument: false, isMainFrame: true, frame: this.mainFrame };
    this.emit('will-redirect', details, url);
    return !details.prevented;
  }
  tryToOpen(url: string): boolean {
    const details = {
      url,
      frameName: '',
      features: '',
      disposition: 'new-window',
      referrer: { url: '', policy: 'default' },
    };
    return this.windowOpenHandler?.(details as Electron.HandlerDetails).action !== 'deny';
  }
  /** A new document: the frame stays, the ports of the old one close. */
  showDocument(url: string): void {
    this.endDocument();
    this.mainFrame.url = url;
  }
  endDocument(): void {
    for (const port of this.ports.splice(0)) port.close();
  }
  destroy(): void {
    this.endDocument();
    this.destroyed = true;
    this.mainFrame.destroyed = true;
    this.emit('destroyed');
  }
}

type WindowPart = Pick<
  Electron.BrowserWindow,
  | 'loadURL'
  | 'show'
  | 'hide'
  | 'focus'
  | 'restore'
  | 'close'
  | 'destroy'
  | 'isDestroyed'
  | 'isVisible'
  | 'isMinimized'
  | 'getNormalBounds'
  | 'getBounds'
  | 'setBounds'
  | 'blur'
>;

export class FakeBrowserWindow extends EventEmitter implements WindowPart {
  static readonly #all: FakeBrowserWindow[] = [];
  static getAllWindows(): FakeBrowserWindow[] {
    return FakeBrowserWindow.#all.filter((window) => !window.isDestroyed());
  }
  static forgetAll(): void {
    for (const window of FakeBrowserWindow.#all.splice(0)) window.destroy();
  }

  readonly options: Electron.BrowserWindowConstructorOptions;
  readonly webContents = new FakeWebContents();
  isMinimisedNow = false;
  focused = 0;
  #visible: boolean;
  #bounds: Electron.Rectangle;

  constructor(options: Electron.BrowserWindowConstructorOptions = {}) {
    super();
    this.options = options;
    this.#visible = options.show ?? true;
    const { x = 0, y = 0, width = 800, height = 600 } = options;
    this.#bounds = { x, y, width, height };
    FakeBrowserWindow.#all.push(this);
  }
  async loadURL(url: string): Promise<void> {
    const [before, after] = [this.webContents.getURL(), url].map((address) => address.split('#', 1)[0]);
    // Only the fragment differs: the document stays.
    if (before === after && this.webContents.getURL() !== url) this.webContents.moveInPage(url);
    else this.webContents.showDocument(url);
    await Promise.resolve();
    this.emit('ready-to-show');
  }
  show(): void {
    this.#visible = true;
  }
  hide(): void {
    this.#visible = false;
  }
  focus(): void {
    this.focused += 1;
  }
  restore(): void {
    this.isMinimisedNow = false;
  }
  close(): void {
    const event = preventable();
    this.emit('close', event);
    if (!event.defaultPrevented) this.destroy();
  }
  destroy(): void {
    if (this.isDestroyed()) return;
    this.webContents.destroy();
    this.emit('closed');
    if (FakeBrowserWindow.getAllWindows().length === 0) app.emit('window-all-closed');
  }
  isDestroyed(): boolean {
    return this.webContents.isDestroyed();
  }
  isVisible(): boolean {
    return this.#visible;
  }
  /** The person turns to another window. */
  blur(): void {
    this.emit('blur');
  }
  getBounds(): Electron.Rectangle {
    return this.#bounds;
  }
  isMinimized(): boolean {
    return this.isMinimisedNow;
  }
  getNormalBounds(): Electron.Rectangle {
    return this.#bounds;
  }
  setBounds(bounds: Partial<Electron.Rectangle>): void {
    this.#bounds = { ...this.#bounds, ...bounds };
  }
}
export { FakeBrowserWindow as BrowserWindow };

type ScreenPart = Pick<Electron.Screen, 'getAllDisplays' | 'getCursorScreenPoint' | 'getDisplayNearestPoint'>;

class FakeScreen implements ScreenPart {
  workAreas = [{ x: 0, y: 25, width: 1920, height: 1055 }];
  cursor: Electron.Point = { x: 10, y: 30 };
  getAllDisplays() {
    return this.workAreas.map((workArea) => ({ workArea })) as Electron.Display[];
  }
  getCursorScreenPoint(): Electron.Point {
    return this.cursor;
  }
  /** The one it lies on, or the first. */
  getDisplayNearestPoint({ x, y }: Electron.Point): Electron.Display {
    const holds = ({ workArea: { x: left, y: top, width, height } }: Electron.Display): boolean =>
      x >= left && x < left + width && y >= top && y < top + height;
    const [first, ...others] = this.getAllDisplays();
    const display = [first, ...others].find((one) => one !== undefined && holds(one)) ?? first;
    if (!display) throw new Error('there is no display');
    return display;
  }
}
export const screen = new FakeScreen();

// ─── main process: the rest ───

type Handlers = {
  [K in 'setPermissionRequestHandler' | 'setPermissionCheckHandler' | 'setDevicePermissionHandler']: Parameters<
    Electron.Session[K]
  >[0];
};

type RequestListener = NonNullable<Parameters<Electron.WebRequest['onBeforeRequest']>[0]>;

class FakeSession extends EventEmitter implements Pick<Electron.Session, keyof Handlers> {
  readonly handlers: Partial<Handlers> = {};
  requestListener: RequestListener | undefined;
  readonly webRequest = {
    onBeforeRequest: (_filter: Electron.WebRequestFilter, listener: RequestListener) => {
      this.requestListener = listener;
    },
  };

  /** Would a page be given what is at this address? */
  isFetched(url: string): boolean {
    let cancelled: boolean | undefined;
    this.requestListener?.({ url } as Electron.OnBeforeRequestListenerDetails, ({ cancel }) => {
      cancelled = cancel;
    });
    return cancelled !== true;
  }

  setPermissionRequestHandler(handler: Handlers['setPermissionRequestHandler']): void {
    this.handlers.setPermissionRequestHandler = handler;
  }
  setPermissionCheckHandler(handler: Handlers['setPermissionCheckHandler']): void {
    this.handlers.setPermissionCheckHandler = handler;
  }
  setDevicePermissionHandler(handler: Handlers['setDevicePermissionHandler']): void {
    this.handlers.setDevicePermissionHandler = handler;
  }
}
export const session = { defaultSession: new FakeSession() } satisfies Record<
  keyof Pick<typeof Electron.session, 'defaultSession'>,
  unknown
>;

class FakeProtocol implements Pick<Electron.Protocol, 'registerSchemesAsPrivileged' | 'handle'> {
  schemes = [] as Electron.CustomScheme[];
  handlers = new Map<string, (request: Request) => Response | Promise<Response>>();
  registerSchemesAsPrivileged(schemes: Electron.CustomScheme[]): void {
    app.done.push('registerSchemesAsPrivileged');
    this.schemes = schemes;
  }
  handle(scheme: string, handler: (request: Request) => Response | Promise<Response>): void {
    this.handlers.set(scheme, handler);
  }
}
export const protocol = new FakeProtocol();

class FakeShortcuts implements Pick<Electron.GlobalShortcut, 'register' | 'unregister'> {
  registered = new Map<string, () => void>();
  /** Combinations other programs hold. */
  taken = new Set<string>();
  register(accelerator: string, callback: () => void): boolean {
    if (accelerator.includes('Hyper')) throw new TypeError('conversion failure');
    if (this.taken.has(accelerator) || this.registered.has(accelerator)) return false;
    this.registered.set(accelerator, callback);
    return true;
  }
  unregister(accelerator: string): void {
    this.registered.delete(accelerator);
  }
}
export const globalShortcut = new FakeShortcuts();

type KeyStorePart = Pick<
  Electron.SafeStorage,
  'getSelectedStorageBackend' | 'isAsyncEncryptionAvailable' | 'encryptStringAsync' | 'decryptStringAsync'
>;

class FakeKeyStore implements KeyStorePart {
  backend = 'gnome_libsecret' as ReturnType<Electron.SafeStorage['getSelectedStorageBackend']>;
  available = true;
  /** Says it is there, and fails at its work. */
  broken = false;
  getSelectedStorageBackend() {
    return this.backend;
  }
  async isAsyncEncryptionAvailable(): Promise<boolean> {
    return this.available;
  }
  async encryptStringAsync(plain: string): Promise<Buffer> {
    if (this.broken) throw new Error('Error while encrypting the text provided to safeStorage.encryptStringAsync.');
    return Buffer.from(`sealed:${[...plain].reverse().join('')}`);
  }
  async decryptStringAsync(sealed: Buffer): Promise<Electron.DecryptStringAsyncReturnValue> {
    const text = sealed.toString();
    if (this.broken) throw new Error('Error while decrypting the ciphertext provided.');
    if (!text.startsWith('sealed:')) throw new Error('Error while decrypting the ciphertext provided.');
    return { result: [...text.slice('sealed:'.length)].reverse().join(''), shouldReEncrypt: false };
  }
}
export const safeStorage = new FakeKeyStore();

class FakeShell implements Pick<Electron.Shell, 'openExternal'> {
  opened = [] as string[];
  async openExternal(url: string): Promise<void> {
    this.opened.push(url);
  }
}
export const shell = new FakeShell();

class FakeDialog implements Pick<Electron.Dialog, 'showErrorBox'> {
  /** The button the person presses. */
  response = 0;
  asked = [] as Electron.MessageBoxOptions[];
  errors = [] as string[];
  async showMessageBox(options: Electron.MessageBoxOptions): Promise<Electron.MessageBoxReturnValue> {
    this.asked.push(options);
    return { response: this.response, checkboxChecked: false };
  }
  showErrorBox(title: string, content: string): void {
    this.errors.push(`${title}: ${content}`);
  }
}
export const dialog = new FakeDialog();

export class FakeNotification extends EventEmitter implements Pick<Electron.Notification, 'show' | 'title' | 'body'> {
  static readonly shown: FakeNotification[] = [];
  static isSupported(): boolean {
    return true;
  }
  readonly title: string;
  readonly body: string;
  readonly urgency: string | undefined;
  readonly actions: readonly Electron.NotificationAction[];

  constructor({ title = '', body = '', urgency, actions = [] }: Electron.NotificationConstructorOptions = {}) {
    super();
    this.title = title;
    this.body = body;
    this.urgency = urgency;
    this.actions = actions;
  }
  show(): void {
    FakeNotification.shown.push(this);
  }
  /** Presses the button of that name. */
  press(text: string): void {
    const actionIndex = this.actions.findIndex((action) => action.text === text);
    if (actionIndex < 0) throw new Error(`no button "${text}"`);
    this.emit('action', { ...preventableFields(), actionIndex, selectionIndex: -1 }, actionIndex, -1);
  }
}
export { FakeNotification as Notification };

interface FakeMenu {
  readonly items: readonly Electron.MenuItemConstructorOptions[];
}
export const Menu = {
  application: undefined as FakeMenu | null | undefined,
  setApplicationMenu(menu: FakeMenu | null): void {
    this.application = menu;
  },
  buildFromTemplate: (items: Electron.MenuItemConstructorOptions[]): FakeMenu => ({ items }),
} satisfies Record<keyof Pick<typeof Electron.Menu, 'setApplicationMenu' | 'buildFromTemplate'>, unknown> &
  Record<string, unknown>;

interface FakeImage {
  readonly path: string;
  isTemplate: boolean;
  setTemplateImage(option: boolean): void;
}
export const nativeImage = {
  createFromPath: (path: string): FakeImage => ({
    path,
    isTemplate: false,
    setTemplateImage(option: boolean) {
      this.isTemplate = option;
    },
  }),
} satisfies Record<keyof Pick<typeof Electron.nativeImage, 'createFromPath'>, unknown>;

type TrayPart = Pick<Electron.Tray, 'setToolTip' | 'destroy' | 'isDestroyed'> &
  Record<keyof Pick<Electron.Tray, 'setImage' | 'setContextMenu'>, unknown>;

export class FakeTray extends EventEmitter implements TrayPart {
  static readonly all: FakeTray[] = [];
  image: FakeImage;
  menu: FakeMenu | undefined;
  toolTip = '';
  #destroyed = false;

  constructor(image: FakeImage) {
    super();
    this.image = image;
    FakeTray.all.push(this);
  }
  setToolTip(toolTip: string): void {
    this.toolTip = toolTip;
  }
  setImage(image: FakeImage): void {
    this.image = image;
  }
  setContextMenu(menu: FakeMenu): void {
    this.menu = menu;
  }
  destroy(): void {
    this.#destroyed = true;
  }
  isDestroyed(): boolean {
    return this.#destroyed;
  }
  /** Chooses an entry of the menu. */
  choose(label: string): void {
    const click = this.menu?.items.find((item) => item.label === label)?.click as (() => void) | undefined;
    if (!click) throw new Error(`no entry "${label}"`);
    click();
  }
}
export { FakeTray as Tray };

// ─── messages between a page and the main process ───

export const ipcMain = new EventEmitter();

/** A real port of Node in the clothes of `MessagePortMain`: an EventEmitter whose messages wait for `start`. */
export class FakePortMain
  extends EventEmitter
  implements Pick<Electron.MessagePortMain, 'postMessage' | 'start' | 'close'>
{
  readonly #port: MessagePort;

  constructor(port: MessagePort) {
    super();
    this.#port = port;
    port.addEventListener('close', () => this.emit('close'));
  }
  start(): void {
    this.#port.addEventListener('message', ({ data }) => this.emit('message', { data, ports: [] }));
    this.#port.start();
  }
  postMessage(message: unknown): void {
    this.#port.postMessage(message);
  }
  close(): void {
    this.#port.close();
  }
}

/** What the page of these contents says on a channel, from `frame`. */
export function sendFromPage(
  contents: FakeWebContents,
  channel: string,
  ports: readonly MessagePort[],
  frame: FakeFrame | null = contents.mainFrame,
): void {
  contents.ports.push(...ports);
  const event = {
    ...preventableFields(),
    sender: contents,
    senderFrame: frame,
    ports: ports.map((port) => new FakePortMain(port)),
  };
  ipcMain.emit(channel, event, null);
}

/** The page whose preload is being run; Electron gives every page its own copy of the two below. */
let page: { readonly contents: FakeWebContents; readonly world: Record<string, unknown> } | undefined;

export const ipcRenderer = {
  postMessage(channel: string, _message: unknown, transfer: MessagePort[] = []): void {
    if (page) sendFromPage(page.contents, channel, transfer);
  },
} satisfies Pick<Electron.IpcRenderer, 'postMessage'>;

export const contextBridge = {
  exposeInMainWorld(key: string, api: unknown): void {
    if (page) page.world[key] = acrossWorlds(api);
  },
} satisfies Pick<Electron.ContextBridge, 'exposeInMainWorld'>;

let pages = 0;

/** Runs our preload for the page these contents show; returns what the page finds on its `window`. */
export async function runPreload(contents: FakeWebContents): Promise<Readonly<Record<string, unknown>>> {
  const world: Record<string, unknown> = {};
  page = { contents, world };
  pages += 1;
  // The query makes it a module of its own, as every page has one.
  await import(/* @vite-ignore */ `${projectRoot}src/preload/index.ts?page=${pages}`);
  page = undefined;
  return world;
}

/** Functions become proxies, the rest is copied by its own fields, so what stands on a prototype is lost. */
function acrossWorlds(value: unknown): unknown {
  if (typeof value === 'function') return (...inputs: unknown[]) => acrossWorlds(value(...inputs.map(acrossWorlds)));
  if (Array.isArray(value)) return value.map(acrossWorlds);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, acrossWorlds(field)]));
}

// ─── for the tests ───

/** An event that can be prevented, as Electron's are. */
export function preventable(): { preventDefault(): void; readonly defaultPrevented: boolean } {
  let prevented = false;
  return {
    preventDefault: () => {
      prevented = true;
    },
    get defaultPrevented() {
      return prevented;
    },
  };
}

/** The same for events whose fields are spread into another object. */
function preventableFields(): { prevented: boolean; preventDefault(): void } {
  return {
    prevented: false,
    preventDefault() {
      this.prevented = true;
    },
  };
}

/** Electron as it is at the start of a process. */
export function resetElectron(): void {
  FakeBrowserWindow.forgetAll();
  app.removeAllListeners();
  ipcMain.removeAllListeners();
  Object.assign(app, new FakeApp());
  app.on('window-all-closed', () => undefined);
  Object.assign(session, { defaultSession: new FakeSession() });
  Object.assign(protocol, new FakeProtocol());
  Object.assign(globalShortcut, new FakeShortcuts());
  Object.assign(safeStorage, new FakeKeyStore());
  Object.assign(shell, new FakeShell());
  Object.assign(dialog, new FakeDialog());
  Object.assign(screen, new FakeScreen());
  FakeNotification.shown.length = 0;
  FakeTray.all.length = 0;
  Menu.application = undefined;
}

/** What electron-store imports. */
export default { app, ipcMain, shell } satisfies Partial<Record<keyof typeof Electron, unknown>>;
