/** Figures and times as people read them, in the language of the panels. */

/** Milliseconds below a second, else seconds with one decimal; as the key and value of a translation. */
export function duration(ms: number, language: string): { key: 'run.milliseconds' | 'run.seconds'; value: string } {
  if (ms < 1000) return { key: 'run.milliseconds', value: new Intl.NumberFormat(language).format(Math.round(ms)) };
  const seconds = new Intl.NumberFormat(language, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
  return { key: 'run.seconds', value: seconds.format(ms / 1000) };
}

/** The time today; the day as well when it was another. */
export function moment(at: number, now: number, language: string): string {
  const sameDay = new Date(at).toDateString() === new Date(now).toDateString();
  const sameYear = new Date(at).getFullYear() === new Date(now).getFullYear();
  const time = { hour: '2-digit', minute: '2-digit' } as const;
  if (sameDay) return new Intl.DateTimeFormat(language, time).format(at);
  const day = { day: 'numeric', month: 'short', ...(!sameYear && { year: 'numeric' as const }) } as const;
  return new Intl.DateTimeFormat(language, { ...day, ...time }).format(at);
}
