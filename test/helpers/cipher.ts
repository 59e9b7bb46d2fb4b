import type { Cipher } from '../../src/main/core/host.ts';

/** A cipher that wraps by turning bits over; while `isLocked`, or for what another secret wrapped, it fails. */
export class FlippingCipher implements Cipher {
  readonly backend: string;
  readonly #secret: number;
  isLocked = false;

  constructor(secret = 0x5a, backend = 'flipping') {
    this.#secret = secret;
    this.backend = backend;
  }

  async wrap(plain: Uint8Array): Promise<Uint8Array> {
    if (this.isLocked) throw new Error('the key store is locked');
    return Uint8Array.of(this.#secret, ...plain.map((byte) => byte ^ this.#secret));
  }

  async unwrap(wrapped: Uint8Array): Promise<Uint8Array> {
    if (this.isLocked) throw new Error('the key store is locked');
    if (wrapped[0] !== this.#secret) throw new Error('wrapped by somebody else');
    return wrapped.slice(1).map((byte) => byte ^ this.#secret);
  }
}
