import { expect, test } from 'vitest';
import { createSessions, sessionName } from '../../../src/main/net/sessions.ts';

test('a one-time token opens one session', () => {
  const sessions = createSessions();
  const token = sessions.oneTimeToken();
  const session = sessions.exchange(token) ?? '';
  expect([sessions.isValid(session), sessions.isValid(token), sessions.exchange(token)]).toEqual([
    true,
    false,
    undefined,
  ]);
});

test('what is not a secret of ours opens nothing', () => {
  const sessions = createSessions();
  const token = sessions.oneTimeToken();
  const wrong = ['', 'x', token.slice(0, -1), `${token}=`, ` ${token}`, token.toLowerCase(), '__proto__'];
  expect(wrong.map((guess) => sessions.exchange(guess))).toEqual(wrong.map(() => undefined));
  expect(wrong.some((guess) => sessions.isValid(guess))).toBe(false);
  expect(sessions.exchange(token)).toBeDefined();
});

test('secrets have 256 bits of the randomness they are given', () => {
  const asked: number[] = [];
  const sessions = createSessions({
    randomBytes: (size) => {
      asked.push(size);
      return new Uint8Array(size).fill(asked.length);
    },
  });
  const token = sessions.oneTimeToken();
  expect(Buffer.from(token, 'base64url')).toEqual(Buffer.alloc(32, 1));
  expect(Buffer.from(sessions.exchange(token) ?? '', 'base64url')).toEqual(Buffer.alloc(32, 2));
  expect(asked).toEqual([32, 32]);
});

test('the oldest of many unused tokens gives way', () => {
  const sessions = createSessions();
  const tokens = Array.from({ length: 65 }, () => sessions.oneTimeToken());
  const opened = tokens.map((token) => sessions.exchange(token) !== undefined);
  expect(opened).toEqual([false, ...Array<boolean>(64).fill(true)]);
});

test('the name of a session is stable and is not its secret', () => {
  expect(sessionName('secret')).toBe(sessionName('secret'));
  expect(sessionName('secret')).not.toBe(sessionName('Secret'));
  expect(sessionName('secret')).toMatch(/^[0-9a-f]{12}$/);
});
