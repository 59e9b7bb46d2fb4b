import { expect, test } from 'vitest';
import type { StoreApi } from 'zustand/vanilla';
import { Alerts, type AlertsState } from '../../src/renderer/store/alerts.ts';
import { Connection } from '../../src/renderer/store/connection.ts';
import type { Alert } from '../../src/shared/contract.ts';
import { PotterError } from '../../src/shared/errors.ts';
import { FakeCore } from './fake-core.ts';

const raised: Alert = {
  id: '00000000-0000-4000-8000-000000000001',
  rule: 'key-refused',
  severity: 'error',
  subject: 'openai',
  state: 'open',
  count: 2,
  firstAt: 1,
  lastAt: 2,
  message: 'openai refuses the key.',
  next: 'Set a valid key.',
};

test('the alerts are read when connected and after each news, and answered by id', async () => {
  let known: Alert[] = [];
  const core = new FakeCore({
    'alerts.list': () => ({ alerts: known }),
    'alerts.acknowledge': () => {
      known = [{ ...raised, state: 'acknowledged' }];
      core.publish('alerts.changed', { open: 0 });
      return { ...raised, state: 'acknowledged' };
    },
  });
  const alerts = await openAlerts(core);
  known = [raised];
  core.publish('alerts.changed', { open: 1 });
  await until(alerts.state, (state) => state.alerts.length === 1);
  await alerts.acknowledge(raised.id);
  await until(alerts.state, (state) => state.alerts[0]?.state === 'acknowledged');
  expect(core.inputs('alerts.acknowledge')).toEqual([{ id: raised.id }]);
});

test('an answer that was not taken is told, until one is', async () => {
  let refusal: PotterError | undefined = new PotterError('NOT_FOUND', 'There is no such alert.');
  const core = new FakeCore({
    'alerts.list': () => ({ alerts: [raised] }),
    'alerts.resolve': () => {
      if (refusal) throw refusal;
      return { ...raised, state: 'resolved' };
    },
  });
  const alerts = await openAlerts(core);
  await alerts.resolve(raised.id);
  expect(alerts.state.getState().failure).toMatchObject({ code: 'NOT_FOUND' });
  refusal = undefined;
  await alerts.resolve(raised.id);
  expect(alerts.state.getState().failure).toBeUndefined();
});

async function openAlerts(core: FakeCore): Promise<Alerts> {
  const connection = new Connection({ connect: async () => core.connect() });
  const alerts = new Alerts(connection);
  await connection.open();
  return alerts;
}

/** Resolves with the first state that meets the wish. */
function until(store: StoreApi<AlertsState>, met: (state: AlertsState) => boolean): Promise<void> {
  return new Promise((resolve) => {
    const look = (): void => {
      if (!met(store.getState())) return;
      stop();
      resolve();
    };
    const stop = store.subscribe(look);
    look();
  });
}
