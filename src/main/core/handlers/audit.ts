import type { AuditLog } from '../log/audit.ts';
import type { AreaHandlers } from './index.ts';

export interface AuditDependencies {
  readonly audit: Pick<AuditLog, 'list' | 'verify' | 'export'>;
}

export const auditHandlers = ({ audit }: AuditDependencies): AreaHandlers<'audit'> => ({
  'audit.list': ({ limit, before }) => ({
    entries: audit
      .list({ ...(limit !== undefined && { limit }), ...(before !== undefined && { before }) })
      .map(({ hash: _hash, payload, ...entry }) => ({ ...entry, ...(payload !== null && { payload }) })),
  }),
  'audit.verify': () => audit.verify(),
  'audit.export': () => ({ text: audit.export() }),
});
