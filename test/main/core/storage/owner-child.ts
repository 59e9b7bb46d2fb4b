/** Owns the directory it is given until it is killed, without holding on to the ownership. Wants `--expose-gc`. */
import { acquireOwnership } from '../../../../src/main/core/storage/owner.ts';

const answer = acquireOwnership(process.argv[2] ?? '') === undefined ? 'refused' : 'owned';
globalThis.gc?.();
// A turn of the event loop later, finalizers have run.
setImmediate(() => process.send?.(answer));
process.on('message', () => undefined);
