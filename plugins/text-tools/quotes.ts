/** Typewriter quotes and typographic ones, of English. */

/** Code and mark-up, in which a quote is a quote. */
const untouched = /```[\s\S]*?(?:```|$)|`[^`\r\n]*`|<\/?[a-zA-Z][^<>]*>|https?:\/\/\S+/g;

export function smartQuotes(text: string): string {
  return outsideCode(text, (prose, before) => {
    let last = before;
    return prose.replace(/["']|[^"']+/g, (piece, offset: number) => {
      const result = piece === '"' || piece === "'" ? quote(piece, last, prose.slice(offset + 1, offset + 8)) : piece;
      last = result.at(-1) ?? last;
      return result;
    });
  });
}

export function straightQuotes(text: string): string {
  return text.replace(/[“”„‟]/g, '"').replace(/[‘’‚‛]/g, "'");
}

/** Letters or digits that are left out at the beginning: 'tis, '90s, rock 'n' roll. */
const leftOut = /^(?:\d\ds?\b|tis\b|twas\b|em\b|cause\b|til\b|n['’])/i;

/** `before` is the character in front, empty at the beginning. */
function quote(sign: string, before: string, after: string): string {
  const isOpening = before === '' || /[\s([{<“‘\-–—/=]/.test(before);
  if (sign === '"') return isOpening ? '“' : '”';
  return isOpening && !leftOut.test(after) ? '‘' : '’';
}

function outsideCode(text: string, change: (prose: string, before: string) => string): string {
  let result = '';
  let end = 0;
  let before = '';
  for (const { 0: code, index } of text.matchAll(untouched)) {
    result += change(text.slice(end, index), before) + code;
    end = index + code.length;
    // What follows a tag that opens is at a beginning.
    before = /^<[^/]/.test(code) ? '' : code.slice(-1);
  }
  return result + change(text.slice(end), before);
}
