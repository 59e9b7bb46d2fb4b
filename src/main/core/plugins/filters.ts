/**
 * What plugins put between a text and a language model: middleware of third parties. Only those the person has named in the
 * settings run, in that order.
 */
import { PotterError, toPotterError } from '../../../shared/errors.ts';
import { type Manifest, pluginLimits } from '../../../shared/manifest.ts';
import type { Log } from '../log/log.ts';
import type { PluginManager } from './manager.ts';

export type FilterPlace = Manifest['filters'][number]['on'];

export interface FiltersOptions {
  readonly plugins: Pick<PluginManager, 'list' | 'run'>;
  /** Ids of the plugins that may filter, in their order. */
  readonly enabled: () => readonly string[];
  readonly log: Pick<Log, 'warn'>;
}

interface Chosen {
  readonly plugin: Manifest;
  readonly filter: Manifest['filters'][number];
}

export class Filters {
  readonly #options: FiltersOptions;

  constructor(options: FiltersOptions) {
    this.#options = options;
  }

  /** Is there anything between a text and a model at this place? */
  has(on: FilterPlace): boolean {
    return this.#options.enabled().length > 0 && this.#chosen(on).length > 0;
  }

  /** What an answer depends on besides the text. */
  get versions(): readonly string[] {
    return this.#options.enabled().map((id) => {
      const plugin = this.#options.plugins.list().find((each) => each.id === id);
      return `${id} ${plugin?.version ?? ''}`;
    });
  }

  /**
   * The text as the filters leave it. One that protects and fails stops it with `FILTER_FAILED`; one that may be passed
   * over is logged.
   */
  async apply(on: FilterPlace, text: string, signal: AbortSignal): Promise<string> {
    let filtered = text;
    for (const { plugin, filter } of this.#chosen(on)) {
      filtered = await this.#run(plugin, filter, filtered, signal);
    }
    return filtered;
  }

  async #run(plugin: Manifest, filter: Chosen['filter'], text: string, signal: AbortSignal): Promise<string> {
    const limit = pluginLimits.filterMs;
    const late = new AbortController();
    const timer = setTimeout(() => {
      late.abort(new PotterError('PLUGIN_TIMEOUT', `It took longer than ${limit} ms.`));
    }, limit);
    try {
      return await this.#options.plugins.run(plugin.id, filter.id, text, AbortSignal.any([signal, late.signal]));
    } catch (thrown) {
      signal.throwIfAborted();
      const { code, message } = toPotterError(late.signal.aborted ? late.signal.reason : thrown);
      if (filter.onFailure === 'block') {
        const failed = `The filter “${filter.title}” of ${plugin.name} failed, and nothing passes without it. ${message}`;
        throw new PotterError('FILTER_FAILED', failed, {
          cause: thrown,
          detail: { plugin: plugin.id, filter: filter.id },
        });
      }
      this.#options.log.warn('a filter was passed over', { plugin: plugin.id, filter: filter.id, code });
      return text;
    } finally {
      clearTimeout(timer);
    }
  }

  #chosen(on: FilterPlace): readonly Chosen[] {
    const plugins = this.#options.plugins.list();
    return this.#options.enabled().flatMap((id) => {
      const plugin = plugins.find((each) => each.id === id);
      return (plugin?.filters ?? []).flatMap((filter) => (plugin && filter.on === on ? [{ plugin, filter }] : []));
    });
  }
}
