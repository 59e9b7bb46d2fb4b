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

it('repeats a task until it is told to stop, also after a time at which it failed', () => {
  vi.useFakeTimers();
  const failures: string[] = [];
  const schedule = new Schedule({ error: (message) => failures.push(message) });
  let times = 0;
  const stop = schedule.every(1000, () => {
    times += 1;
    if (times === 2) throw new Error('The disk is full.');
  });
  schedule.every(1000, () => undefined);
  expect(times).toBe(0);
  vi.advanceTimersByTime(3000);
  expect([times, failures]).toEqual([3, ['a repeated task failed']]);
  stop();
  expect(vi.getTimerCount()).toBe(1);
  schedule.stop();
  expect(vi.getTimerCount()).toBe(0);
  vi.advanceTimersByTime(5000);
  expect(times).toBe(3);
});
