/** Seconds since 1970 and dates of the calendar, line by line, always in Universal Time. */

export function timestampToDate(text: string): string {
  return eachLine(text, (line) => {
    const digits = /^-?\d{1,17}$/.exec(line)?.[0];
    if (digits === undefined) throw new Error(`“${line}” is not a timestamp: use seconds since 1970, or milliseconds.`);
    const length = digits.replace('-', '').length;
    // Seconds have up to eleven digits until the year 5138, milliseconds up to fourteen, microseconds more.
    const perSecond = length <= 11 ? 1 : length <= 14 ? 1_000 : 1_000_000;
    const date = new Date((Number(digits) / perSecond) * 1000);
    if (Number.isNaN(date.getTime())) throw new Error(`“${line}” is beyond the calendar.`);
    return date.toISOString().replace('.000Z', 'Z');
  });
}

const form = /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?\s*(Z|[+-]\d{2}:?\d{2})?)?$/;

export function dateToTimestamp(text: string): string {
  return eachLine(text, (line) => {
    const found = form.exec(line);
    const wrong = (): Error =>
      new Error(`“${line}” is not a date: write it as 2026-01-31 or 2026-01-31T12:00:00+01:00.`);
    if (!found) throw wrong();
    const [, year = '', month = '', day = '', hour = '00', minute = '00', second = '00', , zone = 'Z'] = found;
    const offset = zone === 'Z' ? zone : `${zone.slice(0, 3)}:${zone.slice(-2)}`;
    const time = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}${offset}`);
    // The engine takes 31 February for a day in March.
    if (Number.isNaN(time) || Number(day) > daysIn(Number(year), Number(month))) throw wrong();
    return String(time / 1000);
  });
}

const daysIn = (year: number, month: number): number => new Date(Date.UTC(year, month, 0)).getUTCDate();

function eachLine(text: string, change: (line: string) => string): string {
  return text
    .split(/(\r?\n)/)
    .map((line, index) => {
      if (index % 2 === 1 || line.trim() === '') return line;
      try {
        return change(line.trim());
      } catch (thrown) {
        const reason = thrown instanceof Error ? thrown.message : String(thrown);
        throw new Error(text.trim().includes('\n') ? `Line ${index / 2 + 1}: ${reason}` : reason);
      }
    })
    .join('');
}
