/** Comma-separated values as a table of Markdown. */
import Papa from 'papaparse';

export function csvToMarkdown(text: string): string {
  const { data, errors } = Papa.parse<string[]>(text.replace(/^\ufeff/, ''), { skipEmptyLines: 'greedy' });
  // One column has no separator to guess by, which is no mistake.
  const error = errors.find(({ code }) => code !== 'UndetectableDelimiter');
  if (error) throw new Error(`Line ${(error.row ?? 0) + 1}: ${error.message}.`);
  const [head, ...rows] = data.map((row) => row.map(cell));
  if (head === undefined) throw new Error('There are no rows in this text.');
  const width = Math.max(head.length, ...rows.map((row) => row.length));
  const all = [head, ...rows].map((row) => [...row, ...Array.from({ length: width - row.length }, () => '')]);
  const widths = Array.from({ length: width }, (_, column) =>
    Math.max(3, ...all.map((row) => size(row[column] ?? ''))),
  );
  const line = (row: readonly string[]): string =>
    `| ${row.map((value, column) => value + ' '.repeat((widths[column] ?? 0) - size(value))).join(' | ')} |`;
  const [title = [], ...body] = all;
  const ruler = `| ${widths.map((wide) => '-'.repeat(wide)).join(' | ')} |`;
  const ending = text.includes('\r\n') ? '\r\n' : '\n';
  return [line(title), ruler, ...body.map(line)].join(ending) + (/\n$/.test(text) ? ending : '');
}

const cell = (value: string): string => value.trim().replaceAll('|', '\\|').replace(/\r?\n/g, '<br>');

/** Columns it takes in a fixed-width font: Chinese and Japanese characters take two. */
function size(value: string): number {
  return (
    [...value].length +
    (value.match(/[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60]/g)?.length ?? 0)
  );
}
