/** Potter's loopback API over one vendor, with every stage of the gateway, as it is shipped. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startPotter } from '../../src/main/core/start.ts';
import { startApiServer } from '../../src/main/net/http.ts';
import { noDesktopHost } from '../host.ts';

const [origin = '', failover] = process.argv.slice(2);
const dataDirectory = mkdtempSync(join(tmpdir(), 'potter-bench-'));
const plugins = join(fileURLToPath(new URL('../..', import.meta.url)), 'dist', 'plugins');
const setting = { name: 'Vendor', baseUrl: `${origin}/v1`, needsKey: false, wireFormat: 'compatible' };
const environment = {
  POTTER__PROVIDERS: JSON.stringify({ vendor: setting }),
  ...(failover !== undefined && { POTTER__TEXT__FAILOVER: JSON.stringify([failover]) }),
};
const potter = await startPotter({ ...noDesktopHost(dataDirectory, plugins), environment });
if (!potter) throw new Error('The data directory is owned by another core.');
const reply = await potter.gateway.call({
  route: 'tokens.create',
  input: { name: 'bench', role: 'admin' },
  caller: { kind: 'cli' },
});
if (reply.status === 'error') throw new Error(reply.error.message);
const { secret } = reply.data as { secret: string };
const server = await startApiServer({
  gateway: potter.gateway,
  authenticate: (given) => potter.tokens.authenticate(given),
  port: 0,
  limits: { connections: 1000 },
});
console.log(`port ${server.port}`);
console.log(`token ${secret}`);
process.on('SIGTERM', () => {
  rmSync(dataDirectory, { recursive: true, force: true });
  process.exit(0);
});
