/** `potter://run/<action>`: what stands between a link anybody can write and a run on the person's text. */
import { dialog } from 'electron';
import type { Client } from '../../shared/client.ts';
import type { ActionInfo, Input, Output, PreviewStep } from '../../shared/contract.ts';
import { PotterError, toPotterError } from '../../shared/errors.ts';
import type { Clock, Host } from '../core/host.ts';
import type { Log } from '../core/log/log.ts';
import { visibleText } from '../desktop/plain-text.ts';

export interface LinkRunsOptions {
  readonly client: Client;
  readonly notify: Host['notify'];
  readonly clock: Clock;
  readonly log: Log;
}

/** After a refusal links are quiet this long, so that a page cannot wear anybody down with one question after another. */
const quietMs = 15_000;

/** One question at a time; the links that come meanwhile are dropped. */
export class LinkRuns {
  readonly #options: LinkRunsOptions;
  #isBusy = false;
  #quietUntil = Number.NEGATIVE_INFINITY;

  constructor(options: LinkRunsOptions) {
    this.#options = options;
  }

  /** Asks, and runs the action if the person agrees. Settles when that is done; never fails. */
  async request(actionId: string): Promise<void> {
    const { clock, notify, log } = this.#options;
    if (this.#isBusy || clock.monotonic() < this.#quietUntil) {
      log.debug('a link was dropped: another one is being asked about, or was refused a moment ago');
      return;
    }
    this.#isBusy = true;
    try {
      const hasRun = await this.#askAndRun(actionId);
      if (!hasRun) this.#quietUntil = clock.monotonic() + quietMs;
    } catch (thrown) {
      this.#quietUntil = clock.monotonic() + quietMs;
      const { code, message } = toPotterError(thrown);
      log.info('a link was not followed', { code, message });
      notify({ severity: 'warning', title: 'Link not followed', message, code });
    } finally {
      this.#isBusy = false;
    }
  }

  async #askAndRun(id: string): Promise<boolean> {
    const { client, notify, log } = this.#options;
    const { actions } = await client.call('actions.list', {});
    const action = actions.find((one) => one.id === id);
    if (!action) throw new PotterError('UNKNOWN_ACTION', `A link asked for the action "${id}", which is not here.`);
    // Read now, while its window is in front, and kept in this process; what the person agrees to is exactly this text.
    const capture = await client.call('text.capture', {});
    const { steps } = await client.call('text.preview', { action: id, text: capture.text });
    if (!(await confirm(action, capture, steps))) return false;
    try {
      const { outcome, runId } = await client.call('text.process', runOf(action, capture, steps));
      if (outcome === 'unchanged')
        notify({ severity: 'info', title: action.name, message: 'No changes needed.', runId });
    } catch (thrown) {
      const { code, message, kind } = toPotterError(thrown);
      log.info('a run started by a link ended without a result', { code, message });
      const title = 'Your text was not changed';
      if (code !== 'CANCELLED') notify({ severity: 'error', title, message: `${message} ${kind.next}`, code });
    }
    return true;
  }
}

/** The very model that was shown, also when the settings have changed since. */
function runOf(
  { id }: ActionInfo,
  { captureId }: Output<'text.capture'>,
  steps: readonly PreviewStep[],
): Input<'text.process'> {
  const [only, ...others] = steps;
  const model = others.length === 0 && only?.request ? `${only.request.provider}/${only.request.model}` : undefined;
  return { action: id, source: { type: 'capture', captureId }, ...(model !== undefined && { model }) };
}

async function confirm(
  action: ActionInfo,
  capture: Output<'text.capture'>,
  steps: readonly PreviewStep[],
): Promise<boolean> {
  const { response } = await dialog.showMessageBox({
    type: 'question',
    title: 'Potter',
    message: `A link asks to run “${visibleText(action.name, 50)}” on the selected text.`,
    detail: detailOf(action, capture, steps),
    buttons: ['Run', 'Cancel'],
    defaultId: 1,
    cancelId: 1,
    noLink: true,
  });
  return response === 0;
}

/** Everything that will be done, in words. */
export function detailOf(
  action: ActionInfo,
  { text, application }: Output<'text.capture'>,
  steps: readonly PreviewStep[],
): string {
  const from = application === '' ? 'the window in front' : visibleText(application, 60);
  return [
    `Action: ${visibleText(action.name, 50)} (${action.id})`,
    ...(action.description === '' ? [] : [`What it does: ${visibleText(action.description, 200)}`]),
    `Text: ${text.length} characters selected in ${from}: “${visibleText(text, 160)}”`,
    ...steps.map(
      (step, at) => `${steps.length > 1 ? `Step ${at + 1}, ${visibleText(step.name, 50)}: ` : ''}${way(step)}`,
    ),
    `Afterwards: ${afterwards[action.output]}`,
    '',
    steps.some(leavesComputer) ? 'The text leaves this computer.' : 'Nothing leaves this computer.',
    'Any web page or program can write such a link. Run it only if you expected it.',
  ].join('\n');
}

function way({ request }: PreviewStep): string {
  if (request === undefined) return 'Done on this computer';
  const { providerName, model, url, withKey } = request;
  const key = withKey ? ', with your key' : '';
  return `Sent to ${visibleText(providerName, 50)}, model ${visibleText(model, 100)}, at ${visibleText(url, 200)}${key}`;
}

/** An address that cannot be read counts as one elsewhere. */
function leavesComputer({ request }: PreviewStep): boolean {
  const host = request === undefined ? '127.0.0.1' : URL.parse(request.url)?.hostname;
  return host !== '127.0.0.1' && host !== 'localhost' && host !== '[::1]';
}

const afterwards: Readonly<Record<ActionInfo['output'], string>> = {
  replace: 'the result takes the place of the selected text.',
  append: 'the result is written behind the selected text.',
  prepend: 'the result is written before the selected text.',
  copy: 'the result is copied to the clipboard.',
  show: 'the result is shown in a window of Potter.',
};
