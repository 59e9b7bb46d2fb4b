import { expect, test } from 'vitest';
import { EventBus } from '../../../src/main/core/events.ts';
import { type Log, silentLog } from '../../../src/main/core/log/log.ts';

test('a listener that throws is logged, and the others hear the event', () => {
  const logged: string[] = [];
  const log: Log = { ...silentLog, error: (message) => logged.push(message) };
  const bus = new EventBus(log);
  const heard: string[] = [];
  bus.subscribe('history.changed', () => {
    throw new Error('broken');
  });
  bus.subscribe('history.changed', ({ id }) => heard.push(id));
  bus.publish('history.changed', { id: 'all' });
  expect([heard, logged]).toEqual([['all'], ['an event listener failed']]);
});

test('a listener may leave, or another come, while an event is on its way', () => {
  const bus = new EventBus(silentLog);
  const heard: string[] = [];
  const stopFirst = bus.subscribe('history.changed', () => {
    heard.push('first');
    stopFirst();
    bus.subscribe('history.changed', () => heard.push('late'));
  });
  bus.subscribe('history.changed', () => heard.push('second'));
  bus.publish('history.changed', { id: 'all' });
  expect(heard).toEqual(['first', 'second']);
  bus.publish('history.changed', { id: 'all' });
  expect(heard).toEqual(['first', 'second', 'second', 'late']);
});

test('one listener subscribed twice is two subscriptions, each with its own end', async () => {
  const bus = new EventBus(silentLog);
  let heard = 0;
  const listener = (): void => {
    heard += 1;
  };
  const stop = bus.subscribeAll(['config.changed', 'history.changed'], listener);
  bus.subscribeAll(['history.changed'], listener);
  bus.publish('history.changed', { id: 'all' });
  await Promise.resolve();
  stop();
  bus.publish('history.changed', { id: 'all' });
  bus.publish('config.changed', { keys: [] });
  await Promise.resolve();
  expect(heard).toBe(3);
});

test('B21 events that lead to each other without an end are cut off, told once a minute, and harm nobody', () => {
  const logged: string[] = [];
  const log: Log = { ...silentLog, error: (message) => logged.push(message) };
  let now = 0;
  const bus = new EventBus(log, () => now);
  let heard = 0;
  bus.subscribe('history.changed', () => {
    heard += 1;
    bus.publish('config.changed', { keys: [] });
  });
  bus.subscribe('config.changed', () => bus.publish('history.changed', { id: 'all' }));
  bus.publish('history.changed', { id: 'all' });
  bus.publish('history.changed', { id: 'all' });
  expect(heard).toBe(16);
  const cutOff = 'events led to each other without an end, and were dropped';
  expect(logged).toEqual([cutOff]);
  now += 60_000;
  bus.publish('history.changed', { id: 'all' });
  expect(logged).toEqual([cutOff, cutOff]);
  expect(bus.counts().get('history.changed')).toMatchObject({ dropped: 3, failed: 0 });
});

test('B22 a storm to a hundred slow listeners holds a thousand events for each at most, the latest', async () => {
  const bus = new EventBus(silentLog);
  const heard: string[][] = Array.from({ length: 100 }, () => []);
  for (const own of heard) {
    bus.subscribeAll(['history.changed', 'config.changed'], (payload) => own.push('id' in payload ? payload.id : ''));
  }
  for (let index = 0; index < 5000; index += 1) bus.publish('history.changed', { id: String(index) });
  expect(heard.flat()).toEqual([]);
  await Promise.resolve();
  const latest = Array.from({ length: 1000 }, (_, index) => String(4000 + index));
  expect(heard.every((own) => JSON.stringify(own) === JSON.stringify(latest))).toBe(true);
  expect(bus.counts().get('history.changed')).toMatchObject({
    ...{ published: 5000, delivered: 500_000, failed: 0 },
    dropped: 400_000,
  });
});

test('a listener of several topics hears nothing more once it has stopped', async () => {
  const bus = new EventBus(silentLog);
  let heard = 0;
  const stop = bus.subscribeAll(['history.changed'], () => {
    heard += 1;
  });
  bus.publish('history.changed', { id: 'all' });
  stop();
  await Promise.resolve();
  expect(heard).toBe(0);
});
