import { expect, test } from 'vitest';
import { createAbsentDesktop, detectDesktop, waylandMessage } from '../../../src/main/desktop/detect.ts';

const { signal } = new AbortController();
const target = { key: '1:1', application: '', title: '' };

test('finds X11 where only DISPLAY is set', () => {
  expect(detectDesktop({ DISPLAY: ':0', XDG_SESSION_TYPE: 'x11' })).toEqual({ kind: 'x11', display: ':0' });
});

test.each([
  { WAYLAND_DISPLAY: 'wayland-0' },
  { WAYLAND_DISPLAY: 'wayland-0', DISPLAY: ':0' },
  { XDG_SESSION_TYPE: 'wayland', DISPLAY: ':0' },
])('does not take XWayland for X11: %o', (environment) => {
  expect(detectDesktop(environment)).toEqual({ kind: 'wayland', message: waylandMessage });
});

test('names the command to bind on Wayland', () => {
  expect(waylandMessage).toContain('`potter run --selection`');
});

test('finds no desktop where neither is set, or both are empty', () => {
  expect(detectDesktop({})).toMatchObject({ kind: 'none' });
  expect(detectDesktop({ DISPLAY: '', WAYLAND_DISPLAY: '' })).toMatchObject({ kind: 'none' });
});

test('an absent desktop refuses everything with its reason', async () => {
  const refusals = [
    { kind: 'wayland', code: 'WAYLAND' },
    { kind: 'none', code: 'NO_DESKTOP' },
  ] as const;
  for (const { kind, code } of refusals) {
    const desktop = createAbsentDesktop({ kind, message: 'the reason' });
    expect(desktop).toMatchObject({ kind, message: 'the reason' });
    const refused = { code, message: 'the reason' };
    await expect(desktop.front(signal)).rejects.toMatchObject(refused);
    await expect(desktop.capture(target, signal)).rejects.toMatchObject(refused);
    await expect(desktop.write(target, 'x', signal)).rejects.toMatchObject(refused);
    await expect(desktop.copy('x')).rejects.toMatchObject(refused);
  }
});
