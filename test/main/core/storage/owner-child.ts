/** Owns the directory it is given until it is killed. */
import { acquireOwnership } from '../../../../src/main/core/storage/owner.ts';

const owned = acquireOwnership(process.argv[2] ?? '');
process.send?.(owned === undefined ? 'refused' : 'owned');
process.on('message', () => undefined);
