import { afterEach, expect, it, vi } from 'vitest';
import { Schedule } from '../../../src/main/core/schedule.ts';

afterEach(() => void vi.useRealTimers());

it('does a task every day, also after a day on which it failed', () => {
  vi.useFakeTimers();
  const failures: string[] = [];
  const schedule = new Schedule({ error: (message) => failures.push(message) });
  const results: (() => void)[] = [
    () => undefined,
    () => {
      throw new Error('The disk is full.');
    },
    () => undefined,
  ];
  let days = 0;
  schedule.daily(() => results[days++]?.());
  for (let day = 0; day < 2; day += 1) vi.advanceTimersByTime(24 * 60 * 60 * 1000);
  expect([days, failures]).toEqual([3, ['a task of the day failed']]);
  schedule.stop();
  vi.advanceTimersByTime(24 * 60 * 60 * 1000);
  expect(days).toBe(3);
});
