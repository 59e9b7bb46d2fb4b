/** A small reader of the Prometheus text format 0.0.4 that takes nothing the format does not allow. */

export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Family {
  readonly type: string;
  readonly help: string;
  readonly samples: readonly Sample[];
}

const name = '[a-zA-Z_:][a-zA-Z0-9_:]*';
const label = '[a-zA-Z_][a-zA-Z0-9_]*';
const quoted = '"(?:[^"\\\\\\n]|\\\\["\\\\n])*"';
const number = '[+-]?(?:\\d+(?:\\.\\d*)?(?:[eE][+-]?\\d+)?|Inf)|NaN';
const sampleLine = new RegExp(`^(${name})(?:\\{((?:${label}=${quoted},?)*)\\})? (${number})$`);
const commentLine = new RegExp(`^# (HELP|TYPE) (${name}) (.+)$`);

/** Fails on the first line that breaks a rule, naming it. */
export function parseExposition(text: string): ReadonlyMap<string, Family> {
  if (!text.endsWith('\n')) throw new Error('The last line does not end.');
  const families = new Map<string, { type: string; help: string; samples: Sample[] }>();
  let current: string | undefined;
  for (const line of text.slice(0, -1).split('\n')) {
    const comment = commentLine.exec(line);
    if (comment) {
      const [, kind, family = '', said = ''] = comment;
      if (kind === 'HELP') {
        if (families.has(family)) throw new Error(`${family} comes twice.`);
        families.set(family, { type: '', help: said, samples: [] });
        current = family;
      } else {
        const known = families.get(family);
        if (known?.type !== '' || known.samples.length > 0) throw new Error(`TYPE is misplaced: ${line}`);
        if (!['counter', 'gauge', 'histogram'].includes(said)) throw new Error(`There is no type ${said}.`);
        known.type = said;
      }
      continue;
    }
    const family = families.get(current ?? '');
    const sample = parseSample(line);
    const base = family?.type === 'histogram' ? sample.name.replace(/_(?:bucket|sum|count)$/, '') : sample.name;
    if (!family || base !== current) throw new Error(`A sample stands outside its family: ${line}`);
    family.samples.push(sample);
  }
  for (const [family, { type, samples }] of families) {
    if (type === 'counter' && !family.endsWith('_total')) throw new Error(`The counter ${family} is no _total.`);
    if (type === 'counter' && samples.some(({ value }) => !(value >= 0))) throw new Error(`${family} is below zero.`);
    if (type === 'histogram') checkHistogram(family, samples);
    const keys = samples.map((sample) => JSON.stringify([sample.name, Object.entries(sample.labels).sort()]));
    if (new Set(keys).size !== keys.length) throw new Error(`${family} has a sample twice.`);
  }
  return families;
}

function parseSample(line: string): Sample {
  const match = sampleLine.exec(line);
  if (!match) throw new Error(`Not a sample: ${line}`);
  const [, own = '', pairs = '', value = ''] = match;
  const labels = Object.fromEntries(
    [...pairs.matchAll(new RegExp(`(${label})=(${quoted})`, 'g'))].map(([, key = '', text = '']) => [
      key,
      text.slice(1, -1).replace(/\\(.)/g, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped)),
    ]),
  );
  return { name: own, labels, value: Number(value.replace('Inf', 'Infinity')) };
}

/** Buckets grow with `le` up to +Inf, which is the count; each has a sum. */
function checkHistogram(family: string, samples: readonly Sample[]): void {
  const series = Map.groupBy(samples, ({ labels: { le: _, ...rest } }) => JSON.stringify(Object.entries(rest).sort()));
  for (const [labels, members] of series) {
    const of = (suffix: string) => members.filter((sample) => sample.name === `${family}_${suffix}`);
    const buckets = of('bucket').map(
      ({ labels: { le = '' }, value }) => [Number(le.replace('+Inf', 'Infinity')), value] as const,
    );
    const isGrowing = buckets.every(([edge, count], index) => {
      const [lastEdge, lastCount] = buckets[index - 1] ?? [Number.NEGATIVE_INFINITY, 0];
      return edge > lastEdge && count >= lastCount;
    });
    const [lastEdge, lastCount] = buckets.at(-1) ?? [];
    const isWhole =
      lastEdge === Number.POSITIVE_INFINITY && of('count')[0]?.value === lastCount && of('sum').length === 1;
    if (!isGrowing || !isWhole) throw new Error(`${family} ${labels} is no histogram.`);
  }
}
