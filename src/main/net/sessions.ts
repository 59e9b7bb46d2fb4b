/** Who may use the bridge: secrets of 256 bits that live as long as this process. */
import { createHash, randomBytes as systemRandomBytes, timingSafeEqual } from 'node:crypto';

/** Tokens and sessions beyond this many push out the oldest. */
const kept = 64;

export interface Sessions {
  /** A secret that opens one session, once. It goes into the fragment of the address the person is given. */
  oneTimeToken(): string;
  /** The secret of a new session, or `undefined` for a token that is unknown or was used before. */
  exchange(token: string): string | undefined;
  isValid(session: string): boolean;
}

export function createSessions({
  randomBytes = systemRandomBytes,
}: {
  randomBytes?: (size: number) => Uint8Array;
} = {}): Sessions {
  const tokens = new Secrets();
  const sessions = new Secrets();
  const mint = (secrets: Secrets): string => {
    const secret = Buffer.from(randomBytes(32)).toString('base64url');
    secrets.add(secret);
    return secret;
  };
  return {
    oneTimeToken: () => mint(tokens),
    exchange: (token) => (tokens.take(token) ? mint(sessions) : undefined),
    isValid: (session) => sessions.has(session),
  };
}

/** What a session is called in logs and limits: the same for the same secret, and no way back to it. */
export const sessionName = (session: string): string => digest(session).toString('hex').slice(0, 12);

/** Digests only, each compared in constant time, so neither memory nor timing gives a secret away. */
class Secrets {
  #digests: Buffer[] = [];

  add(secret: string): void {
    this.#digests = [...this.#digests, digest(secret)].slice(-kept);
  }

  has(secret: string): boolean {
    const wanted = digest(secret);
    return this.#digests.filter((known) => timingSafeEqual(known, wanted)).length > 0;
  }

  take(secret: string): boolean {
    const wanted = digest(secret);
    const others = this.#digests.filter((known) => !timingSafeEqual(known, wanted));
    const found = others.length < this.#digests.length;
    this.#digests = others;
    return found;
  }
}

function digest(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}
