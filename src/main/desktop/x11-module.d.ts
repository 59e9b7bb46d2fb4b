/** The part of npm `x11` that Potter uses; the package ships no types. */
declare module 'x11' {
  type Callback<T> = (error: XError | null | undefined, value: T) => boolean | undefined;
  /** Called once, when the server has got past a request that has no reply. */
  type Confirmed = (error: XError | null) => boolean | undefined;

  /** An error the X server sent; `error` is its number, such as 3 for BadWindow. */
  interface XError extends Error {
    readonly error: number;
  }
  interface XEvent {
    readonly type: number;
    readonly name?: string;
  }
  interface Property {
    readonly type: number;
    readonly format: number;
    readonly bytesAfter: number;
    readonly data: Buffer;
  }
  interface Fixes {
    readonly firstEvent: number;
    SelectSelectionInput(window: number, selection: number, eventMask: number): void;
  }
  interface XTest {
    readonly KeyPress: number;
    readonly KeyRelease: number;
    FakeInput(type: number, keycode: number, time: number, window: number, x: number, y: number): void;
  }
  interface Display {
    readonly client: XClient;
    readonly screen: readonly { readonly root: number }[];
    readonly resource_mask: number;
    readonly min_keycode: number;
    readonly max_keycode: number;
  }
  interface XClient extends NodeJS.EventEmitter {
    readonly stream: NodeJS.EventEmitter & { destroy(): void };
    AllocID(): number;
    terminate(): void;
    require(name: 'fixes', callback: (error: Error | null, extension: Fixes) => void): void;
    require(name: 'xtest', callback: (error: Error | null, extension: XTest) => void): void;
    QueryExtension(name: string, callback: Callback<{ present: number }>): void;
    InternAtom(onlyIfExists: boolean, name: string, callback: Callback<number>): void;
    GetAtomName(atom: number, callback: Callback<string>): void;
    CreateWindow(id: number, parent: number, x: number, y: number, width: number, height: number): void;
    ChangeWindowAttributes(window: number, values: { eventMask: number }, confirmed?: Confirmed): void;
    QueryTree(window: number, callback: Callback<{ root: number; parent: number; children: number[] }>): void;
    ChangeProperty(
      mode: number,
      window: number,
      property: number,
      type: number,
      format: number,
      data: Buffer | readonly number[],
      confirmed?: Confirmed,
    ): void;
    DeleteProperty(window: number, property: number): void;
    GetProperty(
      remove: number,
      window: number,
      property: number,
      type: number,
      offset: number,
      length: number,
      callback: Callback<Property>,
    ): void;
    SetSelectionOwner(window: number, selection: number, time: number): void;
    GetSelectionOwner(selection: number, callback: Callback<number>): void;
    ConvertSelection(window: number, selection: number, target: number, property: number, time: number): void;
    SendEvent(window: number, propagate: number, eventMask: number, event: object, confirmed?: Confirmed): void;
    /** `data` holds five numbers of 32 bits. */
    SendClientMessage(
      destination: number,
      window: number,
      messageType: number,
      format: 32,
      data: readonly number[],
      eventMask: number,
    ): void;
    GrabKey(
      window: number,
      ownerEvents: number,
      modifiers: number,
      keycode: number,
      pointerMode: number,
      keyboardMode: number,
      confirmed: Confirmed,
    ): void;
    UngrabKey(window: number, keycode: number, modifiers: number): void;
    GrabServer(): void;
    UngrabServer(): void;
    QueryPointer(window: number, callback: Callback<{ keyMask: number }>): void;
    QueryKeymap(callback: Callback<Buffer>): void;
    GetInputFocus(callback: Callback<{ focus: number }>): void;
    GetKeyboardMapping(first: number, count: number, callback: Callback<number[][]>): void;
    GetModifierMapping(callback: Callback<number[][]>): void;
  }
  interface Options {
    readonly display: string;
    readonly shm: false;
  }
  export function createClient(
    options: Options,
    callback: (error: Error | undefined, display: Display) => void,
  ): XClient;
  export type { Callback, Display, Fixes, Property, XClient, XError, XEvent, XTest };
}
