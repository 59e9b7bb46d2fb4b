/** Whatever starts is registered here on the same line and stops in the opposite order. */
type Disposer = () => void | Promise<void>;

export class Lifetime {
  readonly #disposers: { name: string; stop: Disposer }[] = [];
  #stopped: Promise<void> | undefined;

  /** Registers how to stop `name`, and hands back what was started. */
  add<T>(name: string, value: T, stop: (value: T) => void | Promise<void>): T {
    this.#disposers.push({ name, stop: () => stop(value) });
    return value;
  }

  /** Stops everything, last started first. A part that fails to stop does not keep the others from stopping. */
  stop(onFailure: (name: string, thrown: unknown) => void): Promise<void> {
    this.#stopped ??= this.#stopAll(onFailure);
    return this.#stopped;
  }

  async #stopAll(onFailure: (name: string, thrown: unknown) => void): Promise<void> {
    for (const { name, stop } of this.#disposers.splice(0).reverse()) {
      try {
        await stop();
      } catch (thrown) {
        onFailure(name, thrown);
      }
    }
  }
}
