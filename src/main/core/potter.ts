/** The composition root: everything long-lived is made here, in an order a reader can follow. Read this first. */
import { createHash, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { contract, type HistoryEntry, type RouteName } from '../../shared/contract.ts';
import { toPotterError } from '../../shared/errors.ts';
import type { logAreas, SettingValue } from '../../shared/settings.ts';
import { Actions } from './actions/actions.ts';
import { Configuration } from './config/config.ts';
import { Alerts } from './errors/alerts.ts';
import { Recovery } from './errors/recovery.ts';
import { EventBus } from './events.ts';
import { AnswerCache } from './gateway/cache.ts';
import { createGateway, type Gateway } from './gateway/gateway.ts';
import { createMiddleware } from './gateway/middleware.ts';
import { createHandlers } from './handlers/index.ts';
import { History } from './history.ts';
import type { Clock, Host, Notice } from './host.ts';
import type { Lifetime } from './lifetime.ts';
import { AuditLog } from './log/audit.ts';
import { createLog, type Log } from './log/log.ts';
import { coreChecks, Health } from './monitor/health.ts';
import { PerformanceMonitor, type PluginSample } from './monitor/metrics.ts';
import { createOutbound } from './outbound.ts';
import { Filters } from './plugins/filters.ts';
import type { PluginManager } from './plugins/manager.ts';
import { CircuitBreakers } from './providers/breaker.ts';
import { Budgets } from './providers/budgets.ts';
import { ModelCalls } from './providers/calls.ts';
import { ChatCompletions } from './providers/chat.ts';
import { ProviderRegistry } from './providers/registry.ts';
import { Schedule } from './schedule.ts';
import { createKeyFileCipher } from './security/key-file.ts';
import { Tokens } from './security/tokens.ts';
import { Vault } from './security/vault.ts';
import { openDatabase } from './storage/database.ts';
import { PassingRuns } from './text/passing-runs.ts';
import { createProofreader } from './text/proofread.ts';
import { TextRuns, type TextRunsOptions } from './text/run.ts';
import { Welcome } from './welcome.ts';

export type { Caller } from './security/access.ts';

export interface PotterOptions {
  /** Says in `system.info` that answers come from the labelled sample of `potter serve --demo`. */
  readonly demo?: boolean;
}

/** The running core of one data directory. */
export interface Potter {
  readonly gateway: Gateway;
  readonly events: EventBus;
  readonly log: Log;
  readonly tokens: Pick<Tokens, 'authenticate'>;
  /** Waits for calls under way, then stops everything, last started first. */
  stop(): Promise<void>;
}

/** What there is before the core. */
export interface Begun {
  /** Stops the rest when the core does, or when it cannot be put together. */
  readonly lifetime: Lifetime;
  readonly plugins: PluginManager;
}

/** Puts the core together on a data directory this process owns. */
export async function compose(host: Host, options: PotterOptions, { lifetime, plugins }: Begun): Promise<Potter> {
  const { clock, dataDirectory, desktop, environment } = host;
  const newId = (): string => randomUUID();

  // What everything else writes to.
  let settings: Configuration | undefined;
  const log = lifetime.add(
    'log',
    createLog({
      ...{ directory: join(dataDirectory, 'logs'), clock },
      // Until the settings are read, as they are by default.
      level: (area) => (settings ? levelOf(settings, area) : 'info'),
      hideEmail: () => settings?.get('log.hideEmail') ?? true,
      maxBytes: () => (settings?.get('log.maxMegabytes') ?? 50) << 20,
    }),
    (it) => it.stop(),
  );
  const of = (area: (typeof logAreas)[number]): Log => log.child({ area });
  const events = new EventBus(log);
  const tell = (notice: Notice): void => {
    const { title, message, severity, runId, code } = notice;
    const about = { ...(runId && { runId }), ...(code && { code }) };
    events.publish('notice.posted', { severity, message: `${title}: ${message}`, ...about });
    show(notice);
  };
  const show = (notice: Notice): void => {
    try {
      host.notify(notice);
    } catch (error) {
      // What there is to tell must not become a failure of its own.
      log.warn('the system did not take a notice', { error });
    }
  };
  const schedule = lifetime.add('schedule', new Schedule(log), (it) => it.stop());

  // Settings, data, keys.
  const config = lifetime.add(
    'config',
    await Configuration.open({ dataDirectory, environment, log: of('config') }),
    (it) => it.close(),
  );
  settings = config;
  const database = lifetime.add('database', openDatabase(join(dataDirectory, 'potter.db')), (it) => it.close());
  const keyFile = createKeyFileCipher(dataDirectory);
  const ciphers = host.cipher ? ([host.cipher, keyFile] as const) : ([keyFile] as const);
  const vault = await Vault.open({ database, ciphers, clock, log: of('vault') });
  const tokens = new Tokens({ database, clock, newId });
  const checkpointFile = join(dataDirectory, 'audit.checkpoints');
  const audit = lifetime.add('audit', new AuditLog({ database, clock, vault, checkpointFile, log }), (it) => it.stop());
  schedule.every(3_600_000, () => audit.checkpoint());
  const history = new History({ database, vault, clock, days: () => config.get('history.days') });
  schedule.daily(() => history.purge());
  const metrics = lifetime.add('metrics', new PerformanceMonitor({ clock, database }), (it) => it.stop());
  lifetime.add('writing metrics', schedule.every(60_000, metrics.flush), (stop) => stop());

  // What does the work.
  const network = () => ({
    proxy: config.get('network.proxy'),
    noProxy: config.get('network.noProxy'),
    caFile: config.get('network.caFile'),
  });
  const outbound = lifetime.add('outbound', createOutbound({ settings: network, now: () => clock.now() }), (it) =>
    it.close(),
  );
  const alerts = lifetime.add(
    'alerts',
    new Alerts({
      database,
      clock,
      log,
      events,
      show,
      fetch: (address, init) =>
        outbound.fetchFor({ name: 'Alert webhook', localOnly: config.get('privacy.localOnly') })(address, init),
      settings: () => ({
        enabled: config.get('alerts.enabled'),
        quietHours: config.get('alerts.quietHours'),
        webhook: config.get('alerts.webhook'),
      }),
      lasts: { 'settings-broken': () => config.problems().length > 0 },
      version: host.version,
      newId,
    }),
    (it) => it.stop(),
  );
  schedule.every(60_000, () => void alerts.tick());
  const providers = new ProviderRegistry({
    settings: () => ({
      providers: config.get('providers'),
      defaultModel: config.get('text.defaultModel'),
      tierModels: config.get('text.tierModels'),
      localOnly: config.get('privacy.localOnly'),
    }),
    keys: (provider, baseUrl) => vault.keys(provider, new URL(baseUrl).host),
    hasKey: (provider) => vault.hasKey(provider),
    outbound,
    clock,
    log: of('providers'),
  });
  const budgets = lifetime.add(
    'budgets',
    new Budgets({
      database,
      clock,
      limits: () => ({ monthly: config.get('budget.monthly'), each: config.get('budget.limits') }),
      tell,
    }),
    (it) => it.flush(),
  );
  schedule.every(1000, () => budgets.flush());
  const breakers = new CircuitBreakers(clock);
  const models = new ModelCalls({
    resolve: (wanted, signal, log) => providers.resolve(wanted, signal, log),
    settings: () => ({
      failover: config.get('text.failover'),
      deadlineMs: config.get('text.timeoutSeconds') * 1000,
    }),
    breakers,
    budgets,
    record: (sample) => metrics.recordModel(sample),
    clock,
  });
  for (const { code, message } of plugins.problems) of('plugins').warn('a plugin was left out', { code, message });
  const filters = new Filters({ plugins, enabled: () => config.get('plugins.filters'), log: of('plugins') });
  const chat = new ChatCompletions(models, filters, () => clock.now());
  const proofreader = lifetime.add('proofreader', createProofreader({ log }), (it) => it.stop());
  const actions = new Actions({
    database,
    pluginCommands: plugins.list().flatMap(({ id, commands }) => commands.map((it) => ({ ...it, plugin: id }))),
    settings: () => ({ chosen: config.get('text.currentAction'), hotkeys: config.get('hotkeys.actions') }),
    hasProvider: async (signal) => {
      if (!providers.hasAny()) await providers.probeKeyless(signal);
      return providers.hasAny();
    },
    isSetUp: (id) => {
      const known = config.get('providers');
      return Object.hasOwn(known, id) && (known[id]?.needsKey === false || vault.hasKey(id));
    },
    changed: () => events.publish('actions.changed', {}),
  });
  const passing = new PassingRuns();
  const runs = new TextRuns({
    actions,
    resolveModel: async (wanted, signal, log) => providers.resolve(wanted, signal, log),
    models,
    filters,
    runPlugin: (plugin, command, text, signal) =>
      measured(metrics, clock, { plugin, command }, () => plugins.run(plugin, command, text, signal)),
    proofread: (text, signal) => proofreader.proofread(text, signal),
    history: recordTo({ history, passing, events, log, isKept: keptBy(config) }),
    desktop,
    events,
    tell,
    maxCharacters: () => config.get('text.maxCharacters'),
    languages: () => ({ first: config.get('text.translateTo'), second: config.get('text.translateToSecond') }),
    clock,
    newId,
  });

  // The one way in.
  const cache = new AnswerCache({
    keyOf: equalRuns(actions, config, () => providers.hasAny(), metrics.recordRequest),
    database,
    vault,
    clock,
    log: of('gateway'),
    limits: () => ({ ttlMs: config.get('cache.hours') * 3_600_000, maxBytes: config.get('cache.megabytes') << 20 }),
  });
  schedule.daily(() => cache.purge());
  const recovery = new Recovery({ log });
  recovery.register('KEYS_LOCKED', async () => {
    const wasOpen = vault.state === 'unlocked';
    const isOpen = (await vault.retry()) === 'unlocked';
    // What refreshes at this event may be what failed, for want of an older key: it must not start itself again.
    if (isOpen && !wasOpen) events.publish('keys.changed', { provider: 'all', vault: vault.state });
    return isOpen;
  });
  recovery.register('STORAGE', () => {
    // What can be asked for again makes room on a full disk.
    cache.clear();
    return true;
  });
  const health = new Health({
    clock,
    log,
    checks: coreChecks({
      database,
      dataDirectory,
      vault: () => vault.state,
      configProblems: () => config.problems().length,
      pluginProblems: () => plugins.problems.length,
      // A key begins with the id of its provider.
      breakers: () => breakers.list().map(({ key, ...state }) => ({ provider: key.split(' ', 1)[0] ?? '', ...state })),
      loopDelay: () => metrics.loopDelay(),
    }),
  });
  const handlers = createHandlers({
    runs,
    chat,
    actions,
    providers,
    vault,
    audit,
    tokens,
    config,
    history,
    passing,
    metrics,
    health,
    alerts,
    cache,
    logFile: log,
    events,
    host,
    welcome: new Welcome(database),
    demo: options.demo ?? false,
    problems: () => [...config.problems(), ...plugins.problems.map(({ message }) => message), ...actions.problems()],
  });
  const middleware = createMiddleware({
    clock,
    audit: (entry) => audit.append(entry),
    note: (note) => audit.note(note),
    record: metrics.record,
    observe: (occurrence) => alerts.observe(occurrence),
    cache,
    recovery,
  });
  const gateway = createGateway({ handlers, middleware, clock, log: of('gateway'), newId });
  lifetime.add('calls', gateway, (it) => it.close());

  config.onChange((keys) => {
    // Who switches it off does not want what is kept either.
    if (keys.includes('cache.enabled') && !config.get('cache.enabled')) cache.clear();
    events.publish('config.changed', { keys });
  });
  const settingsBroke = (): void =>
    alerts.observe({ code: 'SETTINGS_MALFORMED', at: clock.now(), subject: 'settings' });
  config.onProblem((message) => {
    events.publish('notice.posted', { severity: 'warning', message, code: 'SETTINGS_MALFORMED' });
    settingsBroke();
  });
  if (config.problems().length > 0) settingsBroke();
  events.subscribe('keys.changed', () => providers.forget());
  // Who deletes the history wants its answers gone from memory too. A run's id tells of its beginning or end as well.
  events.subscribe('history.changed', ({ id }) => {
    if (id === 'all') cache.clear();
  });
  log.info('started', { version: host.version, desktop: desktop.kind, vault: vault.state });

  const stop = (): Promise<void> => lifetime.stop((part, error) => log.error('a part did not stop', { part, error }));
  return { gateway, events, log, tokens, stop };
}

/** What is set for the part alone, else for all. */
function levelOf(config: Configuration, area: string | undefined): SettingValue<'log.level'> {
  const areas: Readonly<Record<string, SettingValue<'log.level'> | undefined>> = config.get('log.areas');
  return (area === undefined ? undefined : areas[area]) ?? config.get('log.level');
}

/** Is a run of this program to be kept? Names of programs are told apart by their letters alone. */
function keptBy(config: Configuration): (entry: HistoryEntry) => boolean {
  return ({ application }) => {
    const excluded = config.get('history.excludedApplications').map((name) => name.toLowerCase());
    return config.get('history.enabled') && !excluded.includes(application?.toLowerCase() ?? '');
  };
}

/** Tells the monitor how long a command of a plugin took and how it ended. */
async function measured<T>(
  metrics: Pick<PerformanceMonitor, 'recordPlugin'>,
  clock: Clock,
  about: Pick<PluginSample, 'plugin' | 'command'>,
  work: () => Promise<T>,
): Promise<T> {
  const startedAt = clock.monotonic();
  const done = (result: PluginSample['result']): void =>
    metrics.recordPlugin({ ...about, ms: clock.monotonic() - startedAt, result });
  try {
    const value = await work();
    done('ok');
    return value;
  } catch (thrown) {
    done(toPotterError(thrown).code);
    throw thrown;
  }
}

interface RecordOptions {
  readonly history: History;
  readonly passing: PassingRuns;
  readonly events: EventBus;
  readonly log: Log;
  readonly isKept: (entry: HistoryEntry) => boolean;
}

/** The history as a run sees it. */
function recordTo({ history, passing, events, log, isKept }: RecordOptions): TextRunsOptions['history'] {
  const underWay = new Set<string>();
  const change = (id: string, write: () => void): void => {
    try {
      write();
      events.publish('history.changed', { id });
    } catch (error) {
      // The text may be written already: a full disk now must not turn that into a failed run.
      log.error('a run could not be completed in the history', { id, error });
    }
  };
  return {
    begin: (entry) => {
      if (isKept(entry) && history.begin(entry)) {
        underWay.add(entry.id);
        // Its first try may have been made while the history was locked.
        passing.remove(entry.id);
      } else passing.add(entry);
      events.publish('history.changed', { id: entry.id });
    },
    finish: (id, patch) => {
      if (underWay.delete(id)) change(id, () => history.finish(id, patch));
      else if (passing.amend(id, patch)) events.publish('history.changed', { id });
    },
    amend: (id, patch) => change(id, () => passing.amend(id, patch) || history.amend(id, patch)),
  };
}

/** The settings an answer depends on. */
const answerSettings = [
  'text.defaultModel',
  'text.tierModels',
  'text.failover',
  'text.translateTo',
  'text.translateToSecond',
  'providers',
  'privacy.localOnly',
  'plugins.filters',
] as const;

/**
 * Two runs are equal when the same definitions, to the letter, meet the same text, instruction and models; so an edit,
 * even one that is undone and made again, is never answered by what came before it. Other routes are never cached.
 */
function equalRuns(
  actions: Actions,
  config: Configuration,
  hasProvider: () => boolean,
  /** Hears of every run that could be answered from memory, also where that is switched off. */
  record: (digest: string) => void,
): (route: RouteName, input: unknown) => string | undefined {
  return (route, input) => {
    if (route !== 'text.process') return undefined;
    const { action: id, draft, source, instruction, model, output, fresh } = contract[route].input.parse(input);
    // Which action is current may take a look at the network to say, so only a named one is answered from memory.
    if (source.type !== 'text' || (id === undefined && draft === undefined)) return undefined;
    const action = draft ? actions.draft(draft) : actions.find(id ?? '');
    const steps = actions.steps(action);
    // The clock or chance may have a part in what a plugin says; and a stand-in is not asked for twice.
    if (!steps.every((step) => step.kind === 'prompt' && (!step.fallback || hasProvider()))) return undefined;
    const parts = [
      [action, ...steps].map((each) => [each.info.id, 'definition' in each && each.definition]),
      [model, instruction, output, source.text],
      answerSettings.map((key) => config.get(key)),
    ];
    const digest = createHash('sha256').update(JSON.stringify(parts)).digest('base64');
    record(digest);
    return fresh || !config.get('cache.enabled') ? undefined : digest;
  };
}
