/** The commands that look at Potter itself: whether it is well, what it has measured, what it would suggest. */
import type { HealthCheck, HealthState } from '../../shared/contract.ts';
import type { Command, CommandContext } from './commands.ts';
import { printReply, table } from './reply.ts';
import { print } from './terminal.ts';

const json = { json: { type: 'boolean', help: 'print the reply as one line of JSON' } } as const;

export const monitorCommands: Readonly<Record<string, Command>> = {
  doctor: {
    summary: 'Check every part of Potter and say what to do; exit code 1 when one has failed.',
    arguments: [],
    options: json,
    run: doctor,
  },
  metrics: { route: 'monitor.metrics', arguments: [], options: json, run: metrics },
  advice: { route: 'monitor.advice', arguments: [], options: json, run: advice },
};

async function doctor({ client, terminal, values, signal, exitWith }: CommandContext): Promise<void> {
  const info = await client.call('system.info', {}, { signal });
  const health = await client.call('monitor.health', {}, { signal });
  const { version, platform, runtime, dataDirectory, desktop } = info;
  if (health.state === 'failed') exitWith(1);
  if (values.json) return printReply(terminal, { version, platform, runtime, dataDirectory, desktop, ...health });
  const running = Object.entries(runtime).map(([name, number]) => `${name} ${number}`);
  const facts = [
    ['Potter', version],
    ['Runs on', `${platform}, ${running.join(', ')}`],
    ['Data', dataDirectory],
    ['Ready', health.isReady ? 'yes' : 'no'],
    ['Desktop', desktop.message ? `${desktop.kind}: ${desktop.message}` : desktop.kind],
  ];
  await print(terminal.stdout, `${table(facts)}\n\n${table(health.checks.map(checkRow))}\n`);
  const unwell = health.checks.filter(({ state }) => state !== 'ok');
  const summed =
    unwell.length === 0 ? 'Everything is in order.' : `To look at: ${unwell.map(({ name }) => name).join(', ')}.`;
  await print(terminal.stdout, `\n${summed}\n`);
}

const marks: Readonly<Record<HealthState, string>> = { ok: '✓', degraded: '!', failed: '✗' };

function checkRow({ name, state, since, message, next }: HealthCheck): string[] {
  const time = `since ${new Date(since).toISOString().slice(0, 19).replace('T', ' ')}`;
  return [marks[state], name, state, time, [message, next].filter((it) => it !== undefined).join(' ')];
}

async function metrics({ client, terminal, values, signal }: CommandContext): Promise<void> {
  const reply = await client.call('monitor.metrics', {}, { signal });
  if (values.json) return printReply(terminal, reply);
  await print(terminal.stdout, reply.text);
}

async function advice({ client, terminal, values, signal }: CommandContext): Promise<void> {
  const reply = await client.call('monitor.advice', {}, { signal });
  if (values.json) return printReply(terminal, reply);
  if (reply.advice.length === 0) return print(terminal.stderr, 'There is nothing to suggest so far.\n');
  const pieces = reply.advice.map(({ message, evidence }) => {
    const figures = Object.entries(evidence).map(([name, value]) => `${name} ${Number(value.toPrecision(4))}`);
    return `${message}\n  ${figures.join(', ')}`;
  });
  await print(terminal.stdout, `${pieces.join('\n')}\n`);
}
