import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Configuration } from '../../../../src/main/core/config/config.ts';
import { silentLog } from '../../../../src/main/core/log/log.ts';
import { contract } from '../../../../src/shared/contract.ts';
import { type SettingKey, settings } from '../../../../src/shared/settings.ts';

let directory: string;
let file: string;
let opened: Configuration[] = [];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'potter-config-'));
  file = join(directory, 'settings.json');
});
afterEach(() => {
  for (const config of opened) config.close();
  opened = [];
  rmSync(directory, { recursive: true, force: true });
});

function open(text?: string, environment: Record<string, string> = {}): Configuration {
  if (text !== undefined) writeFileSync(file, text);
  const config = Configuration.open({ dataDirectory: directory, environment, log: silentLog });
  opened.push(config);
  return config;
}

const code = (wanted: string): unknown => expect.objectContaining({ code: wanted });
const nextChange = (config: Configuration): Promise<readonly SettingKey[]> =>
  new Promise((resolve) => {
    const stop = config.onChange((keys) => {
      stop();
      resolve(keys);
    });
  });
const nextProblem = (config: Configuration): Promise<string> =>
  new Promise((resolve) => {
    const stop = config.onProblem((message) => {
      stop();
      resolve(message);
    });
  });

/** Every setting away from its default, with comments. */
const full = `{
  // how long a text may be
  "text": { "maxCharacters": 200, "defaultModel": "mine/small" },
  "privacy": { "localOnly": true }, /* nothing leaves */
  "history": { "enabled": false, "days": 7 },
  "providers": { "mine": { "name": "Mine", "baseUrl": "http://127.0.0.1:9/v1", "needsKey": false } },
  "appearance": { "theme": "dark" },
}
`;

describe('the layers of settings', () => {
  it('are defaults while there is nothing else', () => {
    const config = open();
    for (const [key, { default: value }] of Object.entries(settings)) {
      expect(config.get(key as SettingKey)).toEqual(value);
    }
    expect(config.problems()).toEqual([]);
    expect(readdirSync(directory)).toEqual([]);
  });

  it('cover one another: file, environment, runtime', async () => {
    const config = open('{"history": {"days": 1}}');
    expect(config.get('history.days')).toBe(1);
    const above = open(undefined, { POTTER__HISTORY__DAYS: '2' });
    expect(above.get('history.days')).toBe(2);
    await above.set('history.days', 3, 'runtime');
    expect(above.get('history.days')).toBe(3);
    await above.set('history.days', null, 'runtime');
    expect(above.get('history.days')).toBe(2);
  });

  it('tell where a value comes from', async () => {
    const config = open('{\n  "history": {\n    "days": 1\n  }\n}', { potter__history__days: '2' });
    await config.set('history.days', 3, 'runtime');
    const info = config.inspect('history.days');
    expect(info).toEqual({
      key: 'history.days',
      value: 3,
      default: 90,
      help: settings['history.days'].help,
      source: 'runtime',
      layers: [
        { layer: 'default', value: 90, where: 'built in' },
        { layer: 'file', value: 1, where: `${file}:3:13` },
        { layer: 'environment', value: 2, where: 'potter__history__days' },
        { layer: 'runtime', value: 3, where: 'this session' },
      ],
    });
    expect(contract['config.inspect'].output.safeParse(info).success).toBe(true);
    expect(config.inspect('log.level')).toMatchObject({ source: 'default', value: 'info' });
  });

  it('merge objects deep, and null takes an entry out', () => {
    const config = open('{"providers": {"openai": {"name": "Mirror"}, "ollama": null}}', {
      POTTER__PROVIDERS:
        '{"lm-studio": null, "mine": {"name": "Mine", "baseUrl": "https://mine/v1", "needsKey": true}}',
    });
    const { ollama, 'lm-studio': lmStudio, ...kept } = settings.providers.default;
    expect([ollama, lmStudio]).not.toContain(undefined);
    expect(config.get('providers')).toEqual({
      ...kept,
      openai: { ...kept.openai, name: 'Mirror' },
      mine: { name: 'Mine', baseUrl: 'https://mine/v1', needsKey: true, wireFormat: 'compatible' },
    });
  });

  it('take null as a value only where the setting knows null', () => {
    const config = open('{"hotkeys": {"run": null}, "history": {"days": null}}');
    expect([config.get('hotkeys.run'), config.get('history.days'), config.problems()]).toEqual([null, 90, []]);
  });

  it('hand out values nobody can change', () => {
    const config = open(full);
    expect(() => Object.assign(config.get('providers'), { yours: {} })).toThrow(TypeError);
    expect(() => Object.assign(config.get('providers').mine ?? {}, { baseUrl: 'http://evil' })).toThrow(TypeError);
  });
});

describe('environment variables', () => {
  const cases: Record<string, [string, SettingKey, unknown]> = {
    POTTER__TEXT__MAX_CHARACTERS: ['100', 'text.maxCharacters', 100],
    potter__text__maxcharacters: ['1000', 'text.maxCharacters', 1000],
    POTTER__PRIVACY__LOCAL_ONLY: ['true', 'privacy.localOnly', true],
    POTTER__TEXT__CURRENT_ACTION: ['123', 'text.currentAction', '123'],
    POTTER__APPEARANCE__THEME: ['"dark"', 'appearance.theme', 'dark'],
    POTTER__LOG__LEVEL: ['debug', 'log.level', 'debug'],
    POTTER__HOTKEYS__RUN: ['null', 'hotkeys.run', null],
    POTTER__HOTKEYS__ACTIONS: ['{"sort-lines": "Ctrl+1"}', 'hotkeys.actions', { 'sort-lines': 'Ctrl+1' }],
  };
  for (const [name, [text, key, value]] of Object.entries(cases)) {
    it(`${name}=${text} is ${key}`, () => {
      const config = open(undefined, { [name]: text });
      expect([config.get(key), config.problems()]).toEqual([value, []]);
    });
  }

  it('that are wrong or unknown are told and harm nobody else', () => {
    const config = open(undefined, {
      POTTER__HISTORY__DAYS: '0',
      POTTER__TEXT__MAX_CHARACTER: '5',
      POTTER__LOG__LEVEL: 'warn',
      PATH: '/bin',
    });
    expect([config.get('history.days'), config.get('log.level')]).toEqual([90, 'warn']);
    expect(config.problems().sort()).toEqual([
      '"history.days" cannot be 0 (POTTER__HISTORY__DAYS): it must be a whole number from 1 to 3650. It is left out.',
      'There is no setting "text.maxcharacter"; did you mean "text.maxCharacters"? (environment variable POTTER__TEXT__MAX_CHARACTER)',
    ]);
  });

  it('cannot reach into the program’s objects', () => {
    const config = open(undefined, { POTTER__PROVIDERS: '{"__proto__": {"polluted": 1}}' });
    expect(config.problems()[0]).toMatch(/not allowed/);
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
  });
});

describe('a settings file that is wrong', () => {
  const wrong: Record<string, [string, number, number, RegExp]> = {
    'no comma': ['{\n  "history": {}\n  "log": {}\n}', 3, 3, /comma expected/],
    'no end': ['{"history": {', 1, 14, /close brace expected/],
    empty: ['', 1, 1, /expected/],
    'only a comment': ['// soon', 1, 8, /expected/],
    'a list': ['[]', 1, 1, /object in braces/],
    'an area that is no object': ['{"text": 5}', 1, 10, /"text" holds settings/],
    'a polluting name': ['{\n "providers": {"__proto__": {}}}', 2, 16, /not a name/],
    'a polluting name at the top': ['{"constructor": {"prototype": {}}}', 1, 2, /not a name/],
    'a name given twice': ['{"history": {"days": 1},\n"history": {"days": 2}}', 2, 1, /given twice/],
    'a value of the wrong form': ['{"history": {"enabled": false, "days": 0}}', 1, 40, /whole number from 1 to 3650/],
    'a provider without an address': ['{"providers": {"mine": {"name": "x"}}}', 1, 15, /mine: baseUrl/],
    'a model without a provider': ['{"text": {"defaultModel": "small"}}', 1, 27, /must look like provider\/model/],
    'nothing but brackets': ['['.repeat(100_000), 1, 1, /nested too deeply|expected/],
  };
  for (const [name, [text, line, column, message]] of Object.entries(wrong)) {
    it(`(${name}) leaves the defaults in force, is told with its line and is not touched`, () => {
      const config = open(text);
      const [problem, ...others] = config.problems();
      expect(problem).toMatch(message);
      if (name !== 'nothing but brackets') expect(problem).toContain(`${file}:${line}:${column}`);
      expect(others).toEqual([]);
      expect(config.get('history.enabled')).toBe(true);
      expect(readFileSync(file, 'utf8')).toBe(text);
    });
  }

  it('is told while running, and the last good settings stay', async () => {
    const config = open(full);
    const told = nextProblem(config);
    writeFileSync(file, '{"history": {"days": "many"}}');
    expect(await told).toMatch(/settings\.json:1:22.*last good settings stay in force/);
    expect(config.get('history.days')).toBe(7);
    const changed = nextChange(config);
    writeFileSync(file, full.replace('7', '8'));
    expect(await changed).toEqual(['history.days']);
    expect(config.problems()).toEqual([]);
  });

  it('means the last good settings after a restart as well', () => {
    open(full).close();
    const config = open(full.slice(0, -5));
    expect(config.get('privacy.localOnly')).toBe(true);
    expect(config.problems()).toHaveLength(1);
  });

  it('is never written over', async () => {
    const config = open('{"history": ');
    await expect(config.set('history.days', 5, 'file')).rejects.toThrow(code('SETTINGS_MALFORMED'));
    expect(readFileSync(file, 'utf8')).toBe('{"history": ');
  });

  it('can be mended by setting the value that is wrong', async () => {
    const config = open('{"history": {"days": 0}}');
    await expect(config.set('log.level', 'warn', 'file')).rejects.toThrow(code('SETTING_INVALID'));
    await config.set('history.days', 5, 'file');
    expect([config.get('history.days'), config.problems()]).toEqual([5, []]);
  });

  it('is told with the form an address has to have', async () => {
    const config = open(undefined);
    const form = 'It must be an address without user name, password, path or query, such as http://proxy.example:3128.';
    for (const proxy of ['proxy.example:3128', 'http://me:secret@proxy.example:3128', 'http://proxy.example/path']) {
      await expect(config.set('network.proxy', proxy, 'file')).rejects.toThrow(form);
    }
    expect(config.get('network.proxy')).toBeNull();
  });

  it('with an unknown name is told and otherwise taken', () => {
    const config = open('{"history": {"dais": 5, "days": 6}, "plugin": {"x": 1}}');
    expect(config.get('history.days')).toBe(6);
    expect(config.problems()).toEqual([
      `There is no setting "history.dais"; did you mean "history.days"? (${file}:1:22)`,
      `There is no setting "plugin". (${file}:1:47)`,
    ]);
  });

  it('cut at any byte neither resets a setting nor is written over', { timeout: 120_000 }, async () => {
    open(full).close();
    const bytes = Buffer.from(full);
    const end = full.lastIndexOf('}') + 1;
    for (let length = 0; length < bytes.length; length += 1) {
      writeFileSync(file, bytes.subarray(0, length));
      const config = open();
      expect([length, config.get('privacy.localOnly'), config.get('history.days')]).toEqual([length, true, 7]);
      if (length < end) {
        await expect(config.set('log.level', 'warn', 'file')).rejects.toThrow(code('SETTINGS_MALFORMED'));
        expect(readFileSync(file).equals(bytes.subarray(0, length))).toBe(true);
      }
      config.close();
    }
  });
});

describe('setting a value', () => {
  it('keeps the comments and the rest of the file', async () => {
    const config = open(full);
    await config.set('text.maxCharacters', 300, 'file');
    expect(readFileSync(file, 'utf8')).toBe(full.replace('200', '300'));
    expect(config.get('text.maxCharacters')).toBe(300);
    expect(readFileSync(`${file}.bak`, 'utf8')).toBe(full);
  });

  it('tells the listeners once, with what changed', async () => {
    const config = open();
    const told: (readonly SettingKey[])[] = [];
    config.onChange(() => {
      throw new Error('a listener of somebody else');
    });
    config.onChange((keys) => told.push(keys));
    await config.set('history.days', 5, 'file');
    await config.set('history.days', 5, 'file');
    await config.set('history.days', 5, 'runtime');
    expect(told).toEqual([['history.days']]);
  });

  it('does not write down a default, and takes it out again', async () => {
    const config = open();
    await config.set('history.days', 90, 'file');
    expect(readdirSync(directory)).toEqual([]);
    await config.set('history.days', 5, 'file');
    await config.set('history.days', 90, 'file');
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({ history: {} });
    await config.set('hotkeys.run', null, 'file');
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({ history: {}, hotkeys: { run: null } });
  });

  it('adds to, changes and takes from an object, comments within it included', async () => {
    const config = open(
      '{\n  "providers": {\n    // at home\n    "mine": { "name": "Mine", "baseUrl": "http://a/v1", "needsKey": false }\n  }\n}\n',
    );
    await config.set('providers', { other: { name: 'Other', baseUrl: 'http://b/v1', needsKey: true } }, 'file');
    await config.set('providers', { mine: { needsKey: true }, openai: null }, 'file');
    const { openai, ...kept } = settings.providers.default;
    expect(openai).toBeDefined();
    expect(Object.keys(config.get('providers')).sort()).toEqual([...Object.keys(kept), 'mine', 'other'].sort());
    expect(config.get('providers').mine?.needsKey).toBe(true);
    expect(readFileSync(file, 'utf8')).toContain('// at home');
    await config.set('providers', { other: null, mine: null }, 'file');
    expect(config.inspect('providers').layers.at(-1)?.value).toEqual({ openai: null });
  });

  it('fails with what is wrong and changes nothing', async () => {
    const config = open(full);
    await expect(config.set('history.dais', 1, 'file')).rejects.toThrow(/did you mean "history.days"/);
    await expect(config.set('history.dais', 1, 'file')).rejects.toThrow(code('SETTING_UNKNOWN'));
    await expect(config.set('history.days', 1, 'environment')).rejects.toThrow(code('SETTING_LAYER'));
    await expect(config.set('history.days', 1, 'default')).rejects.toThrow(code('SETTING_LAYER'));
    for (const layer of ['file', 'runtime'] as const) {
      await expect(config.set('history.days', 0, layer)).rejects.toThrow(/a whole number from 1 to 3650/);
      await expect(config.set('providers', JSON.parse('{"__proto__": {}}'), layer)).rejects.toThrow(
        code('SETTING_INVALID'),
      );
    }
    expect(() => config.inspect('toString')).toThrow(code('SETTING_UNKNOWN'));
    expect(readFileSync(file, 'utf8')).toBe(full);
  });

  it('does not lose what an editor saved a moment before', async () => {
    const config = open(full);
    writeFileSync(file, full.replace('"dark"', '"light"'));
    await config.set('text.maxCharacters', 300, 'file');
    expect([config.get('appearance.theme'), config.get('text.maxCharacters')]).toEqual(['light', 300]);
  });

  it('follows a link and keeps the mode of a new file private', { skip: process.platform === 'win32' }, async () => {
    mkdirSync(join(directory, 'dotfiles'));
    const target = join(directory, 'dotfiles', 'potter.json');
    writeFileSync(target, '{}');
    symlinkSync(target, file);
    const config = open();
    await config.set('history.days', 5, 'file');
    expect(JSON.parse(readFileSync(target, 'utf8'))).toEqual({ history: { days: 5 } });
    expect(statSync(target).mode & 0o777).toBe(0o600);
    const changed = nextChange(config);
    writeFileSync(target, '{"history": {"days": 6}}');
    expect(await changed).toEqual(['history.days']);
  });

  it('starts all the same when the file is a link to itself', { skip: process.platform === 'win32' }, () => {
    symlinkSync(file, file);
    expect(open().problems()).toEqual([`${file} cannot be read. The last good settings stay in force.`]);
  });

  it('says so when it cannot be kept, and changes nothing', async () => {
    const config = open(full);
    mkdirSync(`${file}.bak`);
    await expect(config.set('history.days', 5, 'file')).rejects.toThrow(code('STORAGE'));
    expect([config.get('history.days'), readFileSync(file, 'utf8')]).toEqual([7, full]);
    expect(readdirSync(directory).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });
});

describe('a file edited while Potter runs', () => {
  const edited = full.replace('7', '8');
  const editors: Record<string, () => void> = {
    'writes in place': () => writeFileSync(file, edited),
    'puts another file in its place': () => {
      writeFileSync(`${file}~`, edited);
      renameSync(`${file}~`, file);
    },
    'moves the old one away first': () => {
      renameSync(file, `${file}~`);
      writeFileSync(file, edited);
    },
    'deletes it first': () => {
      rmSync(file);
      writeFileSync(file, edited);
    },
  };
  for (const [name, save] of Object.entries(editors)) {
    it(`is taken over when the editor ${name}`, async () => {
      const config = open(full);
      const told: (readonly SettingKey[])[] = [];
      config.onChange((keys) => told.push(keys));
      const changed = nextChange(config);
      save();
      await changed;
      expect([config.get('history.days'), config.get('privacy.localOnly'), told]).toEqual([
        8,
        true,
        [['history.days']],
      ]);
    });
  }

  it('is not taken over half written', async () => {
    const config = open(full);
    const problems: string[] = [];
    config.onProblem((message) => problems.push(message));
    const changed = nextChange(config);
    writeFileSync(file, edited.slice(0, 60));
    await new Promise(setImmediate);
    writeFileSync(file, edited);
    expect(await changed).toEqual(['history.days']);
    expect(problems).toEqual([]);
  });

  it('means defaults once it is deleted for good', async () => {
    const config = open(full);
    const changed = nextChange(config);
    rmSync(file);
    expect(await changed).toContain('privacy.localOnly');
    expect(config.get('history.days')).toBe(90);
  });

  it('is seen when it appears', async () => {
    const config = open();
    const changed = nextChange(config);
    writeFileSync(file, full);
    expect(await changed).toContain('history.days');
  });
});
