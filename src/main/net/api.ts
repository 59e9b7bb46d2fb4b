/** The loopback API as the settings have it: on or off, on its port, followed while Potter runs. */
import { PotterError, toPotterError } from '../../shared/errors.ts';
import type { Potter } from '../core/potter.ts';
import type { Caller } from '../core/security/access.ts';
import { type ApiServer, startApiServer } from './http.ts';

export interface FollowedApi {
  close(): Promise<void>;
}

/** Starts and stops the server as `api.enabled` and `api.port` say. That it cannot start is told, and no reason to stop. */
export async function followApi({ gateway, events, tokens, ...potter }: Potter): Promise<FollowedApi> {
  const log = potter.log.child({ area: 'net' });
  let server: ApiServer | undefined;
  const settings = async (): Promise<{ enabled: boolean; port: number | null }> => {
    const values = (await asked('config.get', {})).values as Record<string, unknown>;
    return { enabled: values['api.enabled'] === true, port: values['api.port'] as number | null };
  };
  const asked = async (route: string, input: object): Promise<Record<string, unknown>> => {
    const reply = await gateway.call({ route, input, caller });
    if (reply.status === 'ok') return reply.data as Record<string, unknown>;
    throw new PotterError(reply.error.code, reply.error.message);
  };
  const follow = async (): Promise<void> => {
    const { enabled, port } = await settings();
    if (server && enabled && port === server.port) return;
    await server?.close();
    server = undefined;
    if (!enabled) return;
    const authenticate = (secret: string): Caller | undefined => tokens.authenticate(secret);
    server = await startApiServer({ gateway, authenticate, port: port ?? 0, log });
    log.info('the loopback API listens', { port: server.port });
    // Chosen once, so that programs find it again.
    if (port === null) await asked('config.set', { key: 'api.port', value: server.port });
  };
  /** One change after the other. */
  let last: Promise<void> = Promise.resolve();
  const turn = (): Promise<void> => {
    last = last.then(follow).catch((thrown: unknown) => {
      const { code, message, kind } = toPotterError(thrown);
      log.error('the loopback API could not follow its settings', { error: thrown });
      events.publish('notice.posted', { severity: 'error', message: `${message} ${kind.next}`, code });
    });
    return last;
  };
  const stopListening = events.subscribe('config.changed', ({ keys }) => {
    if (keys.includes('api.enabled') || keys.includes('api.port')) void turn();
  });
  await turn();
  return {
    close: async () => {
      stopListening();
      await last;
      await server?.close();
    },
  };
}

const caller: Caller = { kind: 'cli' };
