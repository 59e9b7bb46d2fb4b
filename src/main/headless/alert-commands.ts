/** The commands that show what fails again and again, and answer it. */
import type { Alert } from '../../shared/contract.ts';
import type { Command, CommandContext } from './commands.ts';
import { needed, printReply, table } from './reply.ts';
import { print } from './terminal.ts';

const json = { json: { type: 'boolean', help: 'print the reply as one line of JSON' } } as const;

export const alertCommands: Readonly<Record<string, Command>> = {
  alerts: { route: 'alerts.list', arguments: [], options: { all: { type: 'boolean' }, ...json }, run: listAlerts },
  'alerts acknowledge': answering('alerts.acknowledge', 'acknowledged'),
  'alerts resolve': answering('alerts.resolve', 'resolved'),
};

async function listAlerts({ client, terminal, values, signal }: CommandContext): Promise<void> {
  const list = await client.call('alerts.list', { all: values.all === true }, { signal });
  if (values.json) return printReply(terminal, list);
  if (list.alerts.length === 0) return print(terminal.stderr, 'There are no alerts.\n');
  await print(terminal.stdout, `${list.alerts.map(lines).join('\n')}\n`);
}

function lines({ id, state, severity, count, firstAt, lastAt, message, next, callId, webhook }: Alert): string {
  const facts = [`${count} times`, `since ${time(firstAt)}`, `last ${time(lastAt)}`, callId && `call ${callId}`];
  const sent = webhook && [`webhook ${webhook.state}`, webhook.problem].filter((it) => it !== undefined).join(': ');
  const details = [facts.filter(Boolean).join(', '), `${message} ${next}`, sent].filter((it) => it !== undefined);
  return `${table([[id, state, severity]])}\n${details.map((line) => `  ${line}`).join('\n')}`;
}

const time = (at: number): string => new Date(at).toISOString().slice(0, 19).replace('T', ' ');

function answering(route: 'alerts.acknowledge' | 'alerts.resolve', done: string): Command {
  return {
    route,
    arguments: ['<id>'],
    options: json,
    run: async (context) => {
      const { client, terminal, values, signal } = context;
      const alert = await client.call(route, { id: needed(context, 0) }, { signal });
      if (values.json) return printReply(terminal, alert);
      await print(terminal.stderr, `The alert is ${done}: ${alert.message}\n`);
    },
  };
}
