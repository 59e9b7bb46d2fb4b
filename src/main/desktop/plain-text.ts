/** Texts of strangers (a model's answer, a server's error, a name that was imported) where the system shows them. */

/**
 * Every character stands where it is read: those that reverse, hide or break a line are shown by their number, and what is
 * too long is cut, with a sign.
 */
export function visibleText(text: string, most: number): string {
  const characters = [...text.replace(/\s+/g, ' ')];
  const cut = characters.length > most ? [...characters.slice(0, most), '…'] : characters;
  return cut.map((it) => (unseen.test(it) ? `[U+${hexOf(it)}]` : it)).join('');
}

const unseen = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}]/u;

const hexOf = (character: string): string =>
  (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');

/** The notices of Linux desktops read a few tags, links and pictures among them. */
export function withoutMarkup(text: string, platform: NodeJS.Platform): string {
  if (platform !== 'linux') return text;
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
