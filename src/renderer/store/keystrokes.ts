/** What somebody types while the page is still on its way, for the field it was meant for. */
export class Keystrokes {
  #typed = '';
  readonly #stop: () => void;

  constructor(target: Pick<Window, 'addEventListener' | 'removeEventListener'>) {
    const listener = (event: KeyboardEvent): void => this.#hear(event);
    target.addEventListener('keydown', listener);
    this.#stop = () => target.removeEventListener('keydown', listener);
  }

  /** The text so far, once; from now on nothing is kept. */
  take(): string {
    this.#stop();
    const typed = this.#typed;
    this.#typed = '';
    return typed;
  }

  #hear({ key, ctrlKey, metaKey, altKey, target }: KeyboardEvent): void {
    if (ctrlKey || metaKey || altKey || isField(target)) return;
    if (key === 'Backspace') this.#typed = [...this.#typed].slice(0, -1).join('');
    else if ([...key].length === 1) this.#typed += key;
  }
}

function isField(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.matches('input, textarea, select');
}
