/// <reference path="./x11-module.d.ts" />
/** One connection to an X server: requests as promises, the events Potter needs, and an orderly way to lose it. */
import type { Callback, Display, Fixes, Property, XClient, XError, XEvent, XTest } from 'x11';
import { PotterError } from '../../shared/errors.ts';
import type { Stop } from '../../shared/transport.ts';
import type { Log } from '../core/log/log.ts';

/** The events Potter looks at. `OwnerChanged` is XFIXES' SelectionNotify, which has the name of another event. */
export type X11Event =
  | {
      readonly name: 'KeyPress' | 'KeyRelease';
      readonly keycode: number;
      /** State of modifiers and buttons just before the event. */
      readonly buttons: number;
    }
  | {
      readonly name: 'PropertyNotify';
      readonly wid: number;
      readonly atom: number;
      readonly time: number;
      /** 0 for a new value, 1 for a deleted property. */
      readonly state: number;
    }
  | {
      readonly name: 'SelectionRequest';
      readonly time: number;
      readonly owner: number;
      readonly requestor: number;
      readonly selection: number;
      readonly target: number;
      readonly property: number;
    }
  | {
      readonly name: 'SelectionNotify';
      readonly requestor: number;
      readonly selection: number;
      readonly target: number;
      readonly property: number;
    }
  | { readonly name: 'SelectionClear'; readonly selection: number }
  | { readonly name: 'MappingNotify' }
  | { readonly name: 'OwnerChanged'; readonly selection: number; readonly owner: number };

/** How long something may still take, and what calls it off. */
export interface Wait {
  readonly signal: AbortSignal;
  /** In `performance.now()` milliseconds. */
  readonly until: number;
}

export class Connection {
  readonly root: number;
  /** Potter's own unmapped window: it owns and receives selections. */
  readonly window: number;
  readonly keycodes: { readonly first: number; readonly last: number };
  readonly xtest: XTest;
  readonly #fixes: Fixes;
  readonly #client: XClient;
  readonly #resourceMask: number;
  readonly #log: Log;
  readonly #atoms = new Map<string, Promise<number>>();
  readonly #listeners = new Set<(event: X11Event) => void>();
  /** Whoever waits for an answer that a lost connection will never bring. */
  readonly #waiting = new Set<(error: PotterError) => void>();
  readonly #lostListeners = new Set<() => void>();
  #lost: PotterError | undefined;
  #closing = false;

  /** Fails with `NO_DESKTOP` where no X server answers, and with `WAYLAND` where it is only XWayland. */
  static async open(display: string, log: Log): Promise<Connection> {
    const connected = await connect(display);
    const [fixes, xtest] = await Promise.all([
      extension<Fixes>('XFIXES', (done) => connected.client.require('fixes', done)),
      extension<XTest>('XTEST', (done) => connected.client.require('xtest', done)),
    ]);
    return new Connection(connected, fixes, xtest, log);
  }

  private constructor(display: Display, fixes: Fixes, xtest: XTest, log: Log) {
    this.#client = display.client;
    this.#fixes = fixes;
    this.#log = log;
    this.xtest = xtest;
    this.root = display.screen[0]?.root ?? 0;
    this.#resourceMask = display.resource_mask;
    this.keycodes = { first: display.min_keycode, last: display.max_keycode };
    this.#client.on('event', (event: XEvent) => this.#dispatch(event));
    this.#client.on('error', (error: Error) => this.#onError(error));
    this.#client.on('end', () => this.#lose());
    this.#client.stream.on('close', () => this.#lose());
    this.window = this.#client.AllocID();
    this.#client.CreateWindow(this.window, this.root, -10, -10, 1, 1);
    this.#client.ChangeWindowAttributes(this.window, { eventMask: propertyChange });
  }

  /** Sends a request and gives its reply. Fails with the server's error, which `isGone` recognises. */
  ask<T>(send: (client: XClient, done: Callback<T>) => void): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#lost) {
        reject(this.#lost);
        return;
      }
      this.#waiting.add(reject);
      send(this.#client, (error, value) => {
        this.#waiting.delete(reject);
        if (error) reject(error);
        else resolve(value);
        return true;
      });
    });
  }

  /** Sends requests that have no reply. What fails about them (a window that has just closed) is logged only. */
  send(act: (client: XClient) => void): void {
    if (this.#lost === undefined) act(this.#client);
  }

  on(listener: (event: X11Event) => void): Stop {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The first thing `pick` takes from the events to come; undefined when the time is up. */
  waitFor<T>(pick: (event: X11Event) => T | undefined, { signal, until }: Wait): Promise<T | undefined> {
    return new Promise((resolve, reject) => {
      const settle = (act: () => void): void => {
        stop();
        clearTimeout(timer);
        this.#waiting.delete(fail);
        signal.removeEventListener('abort', abort);
        act();
      };
      const fail = (error: PotterError): void => settle(() => reject(error));
      const abort = (): void => fail(cancelled());
      const stop = this.on((event) => {
        const value = pick(event);
        if (value !== undefined) settle(() => resolve(value));
      });
      const timer = setTimeout(() => settle(() => resolve(undefined)), Math.max(0, until - performance.now()));
      this.#waiting.add(fail);
      signal.addEventListener('abort', abort, { once: true });
      if (this.#lost) fail(this.#lost);
      else if (signal.aborted) abort();
    });
  }

  atom(name: string): Promise<number> {
    const known = this.#atoms.get(name) ?? this.ask<number>((client, done) => client.InternAtom(false, name, done));
    this.#atoms.set(name, known);
    return known;
  }

  /** The whole property, or undefined where the window or the property does not exist. */
  async property(window: number, atom: number, options: { remove: boolean }): Promise<Property | undefined> {
    const { remove } = options;
    const read = this.ask<Property>((client, done) =>
      client.GetProperty(remove ? 1 : 0, window, atom, 0, 0, 0x1fffffff, done),
    );
    const property = await read.catch(orIfGone(undefined));
    return property === undefined || property.type === 0 ? undefined : property;
  }

  /** Are these resources of one program? An X client's ids differ only in the bits of the resource mask. */
  isSameClient(first: number, second: number): boolean {
    return ((first ^ second) & ~this.#resourceMask) === 0;
  }

  watchOwner(selection: number): void {
    const anyChange = 7;
    this.send(() => this.#fixes.SelectSelectionInput(this.root, selection, anyChange));
  }

  /** The server's clock, in its milliseconds. */
  async time(wait: Wait): Promise<number> {
    const [name, integer] = await Promise.all([this.atom('POTTER_TIME'), this.atom('INTEGER')]);
    const stamped = this.waitFor(
      (event) =>
        event.name === 'PropertyNotify' && event.wid === this.window && event.atom === name ? event.time : undefined,
      wait,
    );
    this.send((client) => client.ChangeProperty(2, this.window, name, integer, 32, []));
    const time = await stamped;
    if (time === undefined) throw new PotterError('TIMEOUT', 'The X server did not answer in time.');
    return time;
  }

  onLost(listener: () => void): Stop {
    this.#lostListeners.add(listener);
    return () => this.#lostListeners.delete(listener);
  }

  close(): void {
    if (this.#closing) return;
    this.#closing = true;
    const isOpen = this.#lost === undefined;
    this.#lose();
    if (isOpen) this.#client.terminate();
  }

  #dispatch(received: XEvent): void {
    const isOwnerChange = received.type === this.#fixes.firstEvent;
    const event = (isOwnerChange ? { ...received, name: 'OwnerChanged' } : received) as unknown as X11Event;
    for (const listener of [...this.#listeners]) {
      try {
        listener(event);
      } catch (thrown) {
        this.#log.error('a listener of X11 events failed', { event: event.name, error: thrown });
      }
    }
  }

  #onError(error: Error): void {
    if (isServerError(error)) this.#log.debug('the X server refused a request', { error: error.message });
    else this.#lose(error);
  }

  #lose(cause?: Error): void {
    if (this.#lost) return;
    this.#lost = new PotterError('NO_DESKTOP', 'The connection to the X server has closed.', { cause });
    for (const fail of [...this.#waiting]) fail(this.#lost);
    this.#waiting.clear();
    if (!this.#closing) for (const listener of [...this.#lostListeners]) listener();
  }
}

/** PropertyChange of the X protocol's event masks. */
export const propertyChange = 1 << 22;

export const cancelled = (): PotterError => new PotterError('CANCELLED', 'The run was cancelled.');

export function throwIfCancelled(signal: AbortSignal): void {
  if (signal.aborted) throw cancelled();
}

/** A `catch` handler for a window that may have closed in the meantime. */
export function orIfGone<T>(value: T): (thrown: unknown) => T {
  return (thrown) => {
    if (isServerError(thrown)) return value;
    throw thrown;
  };
}

export function isServerError(thrown: unknown): thrown is XError {
  return thrown instanceof Error && 'error' in thrown && typeof thrown.error === 'number';
}

const connectMs = 5000;

async function connect(display: string): Promise<Display> {
  const { createClient } = await import('x11');
  const connected = await new Promise<Display>((resolve, reject) => {
    const fail = (cause?: unknown): void =>
      reject(new PotterError('NO_DESKTOP', `No X server answers at the display "${display}".`, { cause }));
    const timer = setTimeout(() => {
      client?.stream.destroy();
      fail();
    }, connectMs);
    let client: XClient | undefined;
    try {
      client = createClient({ display, shm: false }, (error, value) => {
        clearTimeout(timer);
        if (error) fail(error);
        else resolve(value);
      });
      // A refused authorisation arrives as an event, not in the callback.
      client.on('error', (error: Error) => {
        if (isServerError(error)) return;
        clearTimeout(timer);
        fail(error);
      });
    } catch (thrown) {
      clearTimeout(timer);
      fail(thrown);
    }
  });
  await refuseXWayland(connected);
  return connected;
}

async function refuseXWayland({ client }: Display): Promise<void> {
  const { present } = await new Promise<{ present: number }>((resolve) => {
    client.QueryExtension('XWAYLAND', (error, reply) => {
      resolve(error ? { present: 0 } : reply);
      return true;
    });
  });
  if (!present) return;
  client.terminate();
  throw new PotterError('WAYLAND', 'This X server is XWayland, which shows Potter only some of the programs.');
}

function extension<T>(name: string, require: (done: (error: Error | null, value: T) => void) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    require((error, value) => {
      if (error) reject(new PotterError('NO_DESKTOP', `The X server lacks the extension ${name}.`, { cause: error }));
      else resolve(value);
    });
  });
}
