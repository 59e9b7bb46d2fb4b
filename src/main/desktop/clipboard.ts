/** The X11 selections: reading PRIMARY and CLIPBOARD, keeping all formats of the clipboard, and serving them. */
import type { Property } from 'x11';
import { PotterError } from '../../shared/errors.ts';
import type { Log } from '../core/log/log.ts';
import { type Connection, propertyChange, type Wait, type X11Event } from './connection.ts';

/** One format of a selection as its owner gave it. `target` and `type` are atoms. */
export interface Format {
  readonly target: number;
  readonly type: number;
  readonly format: number;
  readonly data: Buffer;
}
export type Snapshot = readonly Format[];

/** Text that is on the clipboard for one paste only. */
interface Loan {
  /** What returns to the clipboard afterwards. */
  readonly previous: Snapshot;
  /** The window pasted into. */
  readonly window: number;
  /** When it may be over, in `performance.now()` milliseconds: its program asks several times for one paste. */
  dueAt: number;
  waker: NodeJS.Timeout | undefined;
}

interface Content {
  readonly formats: ReadonlyMap<number, Format>;
  /** Server time since which it is ours. */
  readonly since: number;
}

interface Transfer {
  readonly requestor: number;
  readonly property: number;
  readonly format: Format;
  readonly timer: NodeJS.Timeout;
  readonly onDone: () => void;
  offset: number;
}

type Request = Extract<X11Event, { name: 'SelectionRequest' }>;

const atomNames = {
  clipboard: 'CLIPBOARD',
  primary: 'PRIMARY',
  manager: 'CLIPBOARD_MANAGER',
  saveTargets: 'SAVE_TARGETS',
  targets: 'TARGETS',
  multiple: 'MULTIPLE',
  timestamp: 'TIMESTAMP',
  incr: 'INCR',
  atom: 'ATOM',
  atomPair: 'ATOM_PAIR',
  integer: 'INTEGER',
  string: 'STRING',
  text: 'TEXT',
  utf8: 'UTF8_STRING',
  plain: 'text/plain',
  plainUtf8: 'text/plain;charset=utf-8',
  passwordHint: 'x-kde-passwordManagerHint',
  chromium: 'CHROME_SELECTION',
  wake: 'POTTER_WAKE',
} as const;
type Atoms = Readonly<Record<keyof typeof atomNames, number>>;

/** Not formats but commands, answers of the protocol itself, or names of things that die with their owner. */
const notKept = new Set([
  'TARGETS',
  'MULTIPLE',
  'TIMESTAMP',
  'SAVE_TARGETS',
  'DELETE',
  'INSERT_SELECTION',
  'INSERT_PROPERTY',
  'PIXMAP',
  'BITMAP',
  'DRAWABLE',
  'COLORMAP',
  'WINDOW',
  'CLIENT_WINDOW',
]);

const limits = {
  /** Largest clipboard that is kept in memory. */
  bytes: 64 * 1024 * 1024,
  /** What fits into one property; more goes in parts (INCR). */
  part: 128 * 1024,
  /** How long an owner may take to answer: one that hangs must not use up the whole budget. */
  answerMs: 1000,
  transferMs: 5000,
  handOverMs: 2000,
  /** After the last question of the program pasted into. */
  loanMs: 500,
  /** Chromium, and what is built on it, may wait a second for an answer it has overlooked, and then go on asking. */
  chromiumLoanMs: 1300,
  wakeMs: 50,
} as const;

export class Clipboard {
  readonly atoms: Atoms;
  readonly #connection: Connection;
  readonly #log: Log;
  readonly #properties: readonly number[];
  readonly #transfers = new Map<string, Transfer>();
  readonly #fetchListeners = new Set<(requestor: number) => void>();
  #nextProperty = 0;
  #changes = 0;
  #owner = 0;
  #content: Content | undefined;
  #loan: Loan | undefined;

  static async open(connection: Connection, log: Log): Promise<Clipboard> {
    const names = Object.entries(atomNames);
    const [atoms, properties] = await Promise.all([
      Promise.all(names.map(([, name]) => connection.atom(name))),
      Promise.all(Array.from({ length: 8 }, (_, index) => connection.atom(`POTTER_SELECTION_${index}`))),
    ]);
    const byKey = Object.fromEntries(names.map(([key], index) => [key, atoms[index] ?? 0])) as Atoms;
    return new Clipboard(connection, log, byKey, properties);
  }

  private constructor(connection: Connection, log: Log, atoms: Atoms, properties: readonly number[]) {
    this.#connection = connection;
    this.#log = log;
    this.atoms = atoms;
    this.#properties = properties;
    connection.watchOwner(atoms.clipboard);
    connection.watchOwner(atoms.primary);
    connection.on((event) => this.#onEvent(event));
  }

  /** Grows with every change of the clipboard's owner, also when the same text is copied again. */
  get changes(): number {
    return this.#changes;
  }

  /** The window that owns it since the last change. */
  get owner(): number {
    return this.#owner;
  }

  get isOurs(): boolean {
    return this.#content !== undefined;
  }

  /** The text of a selection, exact to the character; undefined where its owner offers none. */
  async readText(selection: number, wait: Wait): Promise<string | undefined> {
    for (const target of [this.atoms.utf8, this.atoms.plainUtf8, this.atoms.string]) {
      const format = await this.#convert(selection, target, wait);
      if (format === undefined) continue;
      const isLatin1 = format.type === this.atoms.string && target === this.atoms.string;
      return format.data.toString(isLatin1 ? 'latin1' : 'utf8').replace(/\0+$/, '');
    }
    return undefined;
  }

  /** The formats a selection is offered in, as atoms. */
  async targets(selection: number, wait: Wait): Promise<readonly number[]> {
    const answer = await this.#convert(selection, this.atoms.targets, wait);
    return answer?.format === 32 ? atomsOf(answer.data) : [];
  }

  /** Everything the clipboard holds, to be put back. Fails with `UNAVAILABLE` where that is too much to keep. */
  async snapshot(wait: Wait): Promise<Snapshot> {
    if (this.#content) return this.#loan?.previous ?? [...this.#content.formats.values()];
    const offered = await this.#namesOf(new Set(await this.targets(this.atoms.clipboard, wait)));
    const formats: Format[] = [];
    const missing: string[] = [];
    let bytes = 0;
    for (const { target, name } of offered.filter(({ name }) => !notKept.has(name)).sort(byWorth)) {
      const format = await this.#convert(this.atoms.clipboard, target, wait);
      if (format === undefined) missing.push(name);
      else formats.push(format);
      bytes += format?.data.length ?? 0;
      if (bytes > limits.bytes) throw tooLarge();
    }
    if (missing.length > 0) this.#log.warn('formats of the clipboard were offered but not given', { missing });
    return formats;
  }

  /**
   * Puts formats on the clipboard to stay; none of them empties it. `isDue` is asked at the last moment: false leaves the
   * clipboard to whoever has taken it since the caller looked.
   */
  async put(formats: Snapshot, wait: Wait, isDue: () => boolean = () => true): Promise<void> {
    // Whatever was copied before this moment is known when the server has told its time.
    const since = await this.#connection.time(wait);
    if (!isDue()) return;
    this.#endLoan();
    if (formats.length > 0) await this.#own(formats, since);
    else await this.#disown(since);
  }

  /** Puts text on the clipboard for one paste into this window, to be replaced by `previous` with `giveBack`. */
  async lend(text: string, { window, previous }: Pick<Loan, 'window' | 'previous'>, wait: Wait): Promise<void> {
    // The hint asks clipboard managers not to record what stays for half a second.
    const hint = this.#format(this.atoms.passwordHint, 'secret');
    const since = await this.#connection.time(wait);
    this.#endLoan();
    this.#loan = { window, previous, dueAt: performance.now() + limits.loanMs, waker: undefined };
    await this.#own([...this.textFormats(text), hint], since);
  }

  /**
   * True once the program of this window has fetched the text so many times, false when the time is up. Call it before the
   * keys are pressed. Fails with `UNAVAILABLE` when somebody else takes the clipboard first.
   */
  async fetchedBy(window: number, count: number, wait: Wait): Promise<boolean> {
    const fetched = Promise.withResolvers<true>();
    let left = count;
    const onFetch = (requestor: number): void => {
      if (this.#connection.isSameClient(requestor, window)) left -= 1;
      if (left === 0) fetched.resolve(true);
    };
    const lost = this.#connection.waitFor(
      (event) => (event.name === 'SelectionClear' && event.selection === this.atoms.clipboard ? true : undefined),
      wait,
    );
    const notFetched = lost.then((isLost) => {
      if (isLost) throw taken();
      return false;
    });
    this.#fetchListeners.add(onFetch);
    try {
      return await Promise.race([fetched.promise, notFetched]);
    } finally {
      this.#fetchListeners.delete(onFetch);
      notFetched.catch(() => undefined);
    }
  }

  /** Ends a loan: what was there before returns, unless somebody has copied something else since. */
  async giveBack(wait: Wait): Promise<void> {
    const loan = this.#loan;
    if (loan) await this.put(loan.previous, wait, () => this.#loan === loan);
  }

  /** When the program pasted into will have read all it wants, in `performance.now()` milliseconds. */
  get dueAt(): number {
    return this.#loan?.dueAt ?? 0;
  }

  /** Asks a clipboard manager to keep what we hold. Without one it is lost when Potter ends, as X11 has it. */
  async handOver(signal: AbortSignal): Promise<void> {
    const { manager, saveTargets } = this.atoms;
    const owner = await this.#connection.ask<number>((client, done) => client.GetSelectionOwner(manager, done));
    if (!this.#content || owner === 0) return;
    await this.#convert(manager, saveTargets, { signal, until: performance.now() + limits.handOverMs });
  }

  /** A text in every format programs ask for. */
  textFormats(text: string): Snapshot {
    const { utf8, plainUtf8, plain, string, text: anyText } = this.atoms;
    const formats = [utf8, plainUtf8, plain].map((target) => this.#format(target, text));
    const unicode = this.#format(anyText, text, utf8);
    // STRING is Latin-1 by definition; a text that does not fit is not offered in it.
    return isLatin1(text)
      ? [...formats, unicode, { target: string, type: string, format: 8, data: Buffer.from(text, 'latin1') }]
      : [...formats, unicode];
  }

  #namesOf(targets: Iterable<number>): Promise<{ target: number; name: string }[]> {
    return Promise.all(
      [...targets].map(async (target) => {
        const name = await this.#connection.ask<string>((client, done) => client.GetAtomName(target, done));
        return { target, name };
      }),
    );
  }

  #format(target: number, text: string, type = target): Format {
    return { target, type, format: 8, data: Buffer.from(text, 'utf8') };
  }

  /** A program that copied later than `since` wins, as the server compares the times. */
  async #own(formats: Snapshot, since: number): Promise<void> {
    const { clipboard } = this.atoms;
    const { window } = this.#connection;
    this.#content = { formats: new Map(formats.map((format) => [format.target, format])), since };
    this.#connection.send((client) => client.SetSelectionOwner(window, clipboard, since));
    const owner = await this.#connection.ask<number>((client, done) => client.GetSelectionOwner(clipboard, done));
    if (owner === window) return;
    this.#onTaken();
    throw taken();
  }

  async #disown(since: number): Promise<void> {
    const { clipboard } = this.atoms;
    this.#content = undefined;
    this.#connection.send((client) => client.SetSelectionOwner(0, clipboard, since));
    // The reply comes after the news of the change, so that `changes` counts it before this is over.
    await this.#connection.ask<number>((client, done) => client.GetSelectionOwner(clipboard, done));
  }

  /** Asks the owner for one format, in parts where it is large; undefined when it has none or does not answer. */
  async #convert(selection: number, target: number, wait: Wait): Promise<Format | undefined> {
    const connection = this.#connection;
    const { window } = connection;
    const property = this.#properties[this.#nextProperty++ % this.#properties.length] ?? 0;
    const time = await connection.time(wait);
    const answered = connection.waitFor(
      (event) =>
        event.name === 'SelectionNotify' &&
        event.requestor === window &&
        event.selection === selection &&
        event.target === target
          ? event
          : undefined,
      { signal: wait.signal, until: Math.min(wait.until, performance.now() + limits.answerMs) },
    );
    connection.send((client) => client.ConvertSelection(window, selection, target, property, time));
    const answer = await answered;
    if (answer === undefined || answer.property === 0) return undefined;
    const parts = new Arrivals(connection, answer.property);
    try {
      const value = await connection.property(window, answer.property, { remove: true });
      if (value === undefined) return undefined;
      if (value.type !== this.atoms.incr) return { target, ...pick(value) };
      return await this.#receiveParts(target, answer.property, parts, wait);
    } finally {
      parts.stop();
    }
  }

  async #receiveParts(target: number, property: number, arrivals: Arrivals, wait: Wait): Promise<Format | undefined> {
    const { window } = this.#connection;
    const parts: Buffer[] = [];
    let bytes = 0;
    let { type, format } = { type: 0, format: 8 };
    while (await arrivals.next(wait)) {
      const part = await this.#connection.property(window, property, { remove: true });
      if (part === undefined || part.data.length === 0) return { target, type, format, data: Buffer.concat(parts) };
      ({ type, format } = part);
      parts.push(part.data);
      bytes += part.data.length;
      if (bytes > limits.bytes) throw tooLarge();
    }
    return undefined;
  }

  #onEvent(event: X11Event): void {
    const { clipboard } = this.atoms;
    if (event.name === 'OwnerChanged' && event.selection === clipboard) {
      this.#changes += 1;
      this.#owner = event.owner;
    } else if (event.name === 'SelectionClear' && event.selection === clipboard) this.#onTaken();
    else if (event.name === 'SelectionRequest') this.#onRequest(event);
    else if (event.name === 'PropertyNotify' && event.state === 1) this.#sendPart(`${event.wid}:${event.atom}`);
  }

  #onTaken(): void {
    this.#content = undefined;
    this.#endLoan();
  }

  #endLoan(): void {
    clearInterval(this.#loan?.waker);
    this.#loan = undefined;
  }

  /**
   * Chromium overlooks an answer now and then, and stands still until any other event reaches it. If that is the
   * clipboard's return it drops the paste, so a property of ours on its window is such an event before.
   */
  #extendLoan({ requestor, property }: Pick<Request, 'requestor' | 'property'>): void {
    const loan = this.#loan;
    if (!loan || !this.#connection.isSameClient(requestor, loan.window)) return;
    const { chromium, wake, integer } = this.atoms;
    clearInterval(loan.waker);
    loan.dueAt = performance.now() + (property === chromium ? limits.chromiumLoanMs : limits.loanMs);
    if (property !== chromium) return;
    loan.waker = setInterval(() => {
      this.#connection.send((client) => {
        client.ChangeProperty(0, requestor, wake, integer, 32, []);
        client.DeleteProperty(requestor, wake);
      });
    }, limits.wakeMs).unref();
  }

  #onRequest(request: Request): void {
    if (request.selection !== this.atoms.clipboard) return;
    this.#extendLoan(request);
    const answer = (property: number): void => this.#answer(request, property);
    const content = this.#content;
    // Clients older than ICCCM leave the property to the owner.
    const property = request.property || request.target;
    if (content === undefined) answer(0);
    else if (request.target !== this.atoms.multiple) {
      answer(this.#serve(content, request.requestor, request.target, property) ? property : 0);
    } else {
      this.#serveMany(request, content).then(
        (served) => answer(served ? property : 0),
        () => undefined,
      );
    }
  }

  /** Writes one format to the requestor's property. False where there is no such format. */
  #serve(content: Content, requestor: number, target: number, property: number): boolean {
    const { targets, timestamp, multiple, atom, integer } = this.atoms;
    const write = (type: number, format: number, data: Buffer | readonly number[]): void =>
      this.#connection.send((client) =>
        client.ChangeProperty(0, requestor, property, type, format, Buffer.isBuffer(data) ? data : [...data]),
      );
    if (target === targets) write(atom, 32, [targets, timestamp, multiple, ...content.formats.keys()]);
    else if (target === timestamp) write(integer, 32, [content.since]);
    else {
      const format = content.formats.get(target);
      if (format === undefined) return false;
      const fetched = (): void => {
        for (const listener of [...this.#fetchListeners]) listener(requestor);
      };
      if (format.data.length > limits.part) this.#beginParts({ requestor, property, format, onDone: fetched });
      else {
        write(format.type, format.format, format.data);
        fetched();
      }
    }
    return true;
  }

  /** MULTIPLE: pairs of target and property stand in the requestor's property; refused ones are marked there. */
  async #serveMany(request: Request, content: Content): Promise<boolean> {
    const { requestor, property } = request;
    const list = property === 0 ? undefined : await this.#connection.property(requestor, property, { remove: false });
    if (list === undefined || list.format !== 32) return false;
    const pairs = atomsOf(list.data);
    for (let index = 0; index + 1 < pairs.length; index += 2) {
      const [target = 0, into = 0] = pairs.slice(index, index + 2);
      if (into === 0 || !this.#serve(content, requestor, target, into)) pairs[index + 1] = 0;
    }
    this.#connection.send((client) => client.ChangeProperty(0, requestor, property, this.atoms.atomPair, 32, pairs));
    return true;
  }

  #answer({ requestor, selection, target, time }: Request, property: number): void {
    const event = { name: 'SelectionNotify', time, requestor, selection, target, property };
    this.#connection.send((client) => client.SendEvent(requestor, 0, 0, event));
  }

  #beginParts(transfer: Pick<Transfer, 'requestor' | 'property' | 'format' | 'onDone'>): void {
    const { requestor, property, format } = transfer;
    const key = `${requestor}:${property}`;
    const timer = setTimeout(() => this.#endParts(key), limits.transferMs);
    this.#endParts(key);
    this.#transfers.set(key, { ...transfer, timer, offset: 0 });
    this.#listenTo(requestor, true);
    this.#connection.send((client) =>
      client.ChangeProperty(0, requestor, property, this.atoms.incr, 32, [format.data.length]),
    );
  }

  /** The requestor has deleted the last part; an empty one ends the transfer. */
  #sendPart(key: string): void {
    const transfer = this.#transfers.get(key);
    if (transfer === undefined) return;
    const { requestor, property, format, offset } = transfer;
    const part = format.data.subarray(offset, offset + limits.part);
    transfer.offset += part.length;
    transfer.timer.refresh();
    this.#extendLoan(transfer);
    this.#connection.send((client) => client.ChangeProperty(0, requestor, property, format.type, format.format, part));
    if (part.length > 0) return;
    this.#endParts(key);
    transfer.onDone();
  }

  #endParts(key: string): void {
    const transfer = this.#transfers.get(key);
    if (transfer === undefined) return;
    clearTimeout(transfer.timer);
    this.#transfers.delete(key);
    const isBusy = [...this.#transfers.values()].some(({ requestor }) => requestor === transfer.requestor);
    if (!isBusy) this.#listenTo(transfer.requestor, false);
  }

  #listenTo(window: number, listen: boolean): void {
    if (window === this.#connection.window) return;
    this.#connection.send((client) =>
      client.ChangeWindowAttributes(window, { eventMask: listen ? propertyChange : 0 }),
    );
  }
}

/** Counts new values of one property of our window, so that none is missed between two reads. */
class Arrivals {
  readonly #connection: Connection;
  readonly #isArrival: (event: X11Event) => true | undefined;
  readonly stop: () => void;
  #count = 0;

  constructor(connection: Connection, property: number) {
    this.#connection = connection;
    this.#isArrival = (event) =>
      event.name === 'PropertyNotify' && event.wid === connection.window && event.atom === property && event.state === 0
        ? true
        : undefined;
    this.stop = connection.on((event) => {
      if (this.#isArrival(event)) this.#count += 1;
    });
  }

  /** False when the time is up. */
  async next(wait: Wait): Promise<boolean> {
    if (this.#count === 0) await this.#connection.waitFor(this.#isArrival, wait);
    if (this.#count === 0) return false;
    this.#count -= 1;
    return true;
  }
}

/** Text and the lossless image first: programs offer the same picture in many formats, each slow to make. */
function byWorth(one: { name: string }, other: { name: string }): number {
  const rank = ({ name }: { name: string }): number => {
    if (name.startsWith('image/')) return name === 'image/png' ? 1 : 2;
    return 0;
  };
  return rank(one) - rank(other);
}

const pick = ({ type, format, data }: Property): Omit<Format, 'target'> => ({ type, format, data });

function atomsOf(data: Buffer): number[] {
  return Array.from({ length: data.length >> 2 }, (_, index) => data.readUInt32LE(index * 4));
}

/** Latin-1 as the STRING type has it: printable characters, tab and newline. */
function isLatin1(text: string): boolean {
  return /^[\t\n\x20-\x7e\xa0-\xff]*$/.test(text);
}

const taken = (): PotterError =>
  new PotterError('UNAVAILABLE', 'Another program took the clipboard at the same moment. Run the action again.');

const tooLarge = (): PotterError =>
  new PotterError(
    'UNAVAILABLE',
    `The clipboard holds more than ${limits.bytes / 1024 / 1024} MiB, which Potter could not put back. Copy something smaller first.`,
  );
