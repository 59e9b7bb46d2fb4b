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

test('one listener subscribed twice is two subscriptions, each with its own end', () => {
  const bus = new EventBus(silentLog);
  let heard = 0;
  const listener = (): void => {
    heard += 1;
  };
  const stop = bus.subscribeAll(['config.changed', 'history.changed'], listener);
  bus.subscribeAll(['history.changed'], listener);
  bus.publish('history.changed', { id: 'all' });
  stop();
  bus.publish('history.changed', { id: 'all' });
  bus.publish('config.changed', { keys: [] });
  expect(heard).toBe(3);
});
