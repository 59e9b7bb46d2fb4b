/** What the commands have in common: their arguments, and how a reply is printed. */
import { PotterError } from '../../shared/errors.ts';
import { print, type Terminal } from './terminal.ts';

/** The argument at this place of the usage line. */
export function needed({ positionals }: { readonly positionals: readonly string[] }, index: number): string {
  const value = positionals[index];
  if (value === undefined) throw new PotterError('INVALID_INPUT', 'An argument is missing.');
  return value;
}

/** The answer to `--json`. */
export const printReply = (terminal: Terminal, data: unknown): Promise<void> =>
  print(terminal.stdout, `${JSON.stringify({ status: 'ok', data })}\n`);

/** Cells under each other. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = rows.reduce<number[]>(
    (wide, row) => row.map((cell, column) => Math.max(wide[column] ?? 0, cell.length)),
    [],
  );
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
