/** Writes docs/settings.md and docs/errors.md from their tables; with `--check` it fails when they are stale. */
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { valueForm } from '../src/main/core/config/form.ts';
import { type ErrorKind, errorKinds } from '../src/shared/errors.ts';
import { layers, type Setting, settings } from '../src/shared/settings.ts';

const docs = join(dirname(dirname(fileURLToPath(import.meta.url))), 'docs');

const faults: Readonly<Record<ErrorKind['fault'], string>> = {
  user: 'input or a state you can mend',
  outside: 'a provider, the network, the desktop or the disk',
  bug: 'a fault of Potter',
};

const pages: Readonly<Record<string, string>> = {
  'settings.md': settingsPage(),
  'errors.md': errorsPage(),
};

const isCheck = process.argv.includes('--check');
for (const [name, text] of Object.entries(pages)) {
  const path = join(docs, name);
  if (!isCheck) writeFileSync(path, text);
  else if (textOf(path) !== text) {
    console.error(`docs/${name} is stale; run: npm run docs`);
    process.exitCode = 1;
  }
}

function settingsPage(): string {
  const entries = Object.entries(settings as Readonly<Record<string, Setting>>);
  return `${heading('Settings', 'src/shared/settings.ts')}
A value comes from the highest layer that holds one: ${layers.join(' < ')}.

- **file**: \`settings.json\` in the data directory, JSON with comments. The dots of a name are levels:
  \`{ "text": { "maxCharacters": 20000 } }\`. Objects are merged with the default, entry by entry; \`null\` takes an entry out.
- **environment**: \`POTTER__TEXT__MAX_CHARACTERS=20000\`. Two underscores are a dot, single ones are ignored, and so is case.
- **runtime**: until Potter stops.

\`potter config inspect <name>\` says where a value comes from. A file with a fault is left as it is: the fault is told with
its line and column, and the last good settings stay in force.

${entries.map(settingSection).join('\n')}`;
}

function settingSection([key, { schema, default: value, help, layers: allowed }]: [string, Setting]): string {
  const json = JSON.stringify(value, null, 2);
  const shown = json.includes('\n') ? `\n\n  ${fenced(json).replaceAll('\n', '\n  ')}` : ` \`${json}\``;
  const only = allowed ? `\n- layers: ${allowed.join(', ')}` : '';
  return `## ${key}

${help}

- value: ${valueForm(schema)}
- variable: \`${variableOf(key)}\`${only}
- default:${shown}
`;
}

function variableOf(key: string): string {
  const words = key.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).replaceAll('.', '__');
  return `POTTER__${words.toUpperCase()}`;
}

function fenced(json: string): string {
  return `\`\`\`json\n${json}\n\`\`\``;
}

function errorsPage(): string {
  const rows = Object.entries(errorKinds).map(([code, { status, severity, retryable, fault, next }]) =>
    [`\`${code}\``, status, severity, retryable ? 'yes' : 'no', fault, next].join(' | '),
  );
  const legend = Object.entries(faults).map(([fault, meaning]) => `- \`${fault}\`: ${meaning}`);
  return `${heading('Errors', 'src/shared/errors.ts')}
Every failure has a code, a message that says what happened, and the next step below. *Again* says whether the same call
may succeed if it is simply made again. Where the fault lies:

${legend.join('\n')}

| Code | HTTP | Severity | Again | Fault | Next step |
|---|---|---|---|---|---|
${rows.map((row) => `| ${row} |`).join('\n')}
`;
}

function heading(title: string, source: string): string {
  return `# ${title}\n\n<!-- Generated from ${source} by \`npm run docs\`; edit that file, not this one. -->\n`;
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
