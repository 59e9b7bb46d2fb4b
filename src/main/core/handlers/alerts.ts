import type { Alerts } from '../errors/alerts.ts';
import type { AreaHandlers } from './index.ts';

export interface AlertsDependencies {
  readonly alerts: Pick<Alerts, 'list' | 'acknowledge' | 'resolve'>;
}

export const alertsHandlers = ({ alerts }: AlertsDependencies): AreaHandlers<'alerts'> => ({
  'alerts.list': (which) => ({ alerts: alerts.list(which) }),
  'alerts.acknowledge': ({ id }) => alerts.acknowledge(id),
  'alerts.resolve': ({ id }) => alerts.resolve(id),
});
