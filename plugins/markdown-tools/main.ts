import { decodeHTML } from 'entities/decode';
import { marked, type Token, type Tokens } from 'marked';
import type { Plugin } from '../../src/shared/plugin-api.ts';

export const plugin: Plugin = {
  commands: { 'markdown-to-plain': toPlain, 'plain-to-markdown': toMarkdown },
};

/** Characters; the parser holds more than a hundred bytes for each. */
const longest = 200_000;

/** The text a reader sees. Addresses of links follow in brackets where the text does not say them. */
function toPlain(text: string): string {
  if (text.length > longest) {
    throw new Error(`The text has ${text.length} characters; Markdown is read up to ${longest}: select a part of it.`);
  }
  const newline = text.includes('\r\n') ? '\r\n' : '\n';
  const [before = ''] = /^\s*/.exec(text) ?? [];
  const [after = ''] = /\s*$/.exec(text) ?? [];
  if (text.trim() === '') return text;
  const plain = blocks(marked.lexer(text)).trim();
  return before + plain.replaceAll('\n', newline) + after;
}

function blocks(tokens: readonly Token[]): string {
  return tokens
    .map(block)
    .filter((part) => part !== '')
    .join('\n\n');
}

function block(token: Token): string {
  const { tokens } = token as Tokens.Generic;
  switch (token.type) {
    case 'space':
    case 'def':
    case 'html':
    case 'checkbox':
      return '';
    case 'hr':
      return '* * *';
    case 'code':
      return (token as Tokens.Code).text;
    case 'list':
      return list(token as Tokens.List);
    case 'table':
      return table(token as Tokens.Table);
    case 'blockquote':
      return blocks(tokens ?? []);
    default:
      return tokens ? inline(tokens) : (token as Tokens.Text).text;
  }
}

function list({ ordered, start, items, loose }: Tokens.List): string {
  const lines = items.map(({ tokens, task, checked }, index) => {
    const mark = ordered ? `${Number(start || 1) + index}.` : '•';
    const box = task ? (checked ? '[x] ' : '[ ] ') : '';
    const parts = tokens.map((token) => block(token)).filter((part) => part !== '');
    return `${mark} ${box}${parts.join('\n').replaceAll('\n', `\n${' '.repeat(mark.length + 1)}`)}`;
  });
  return lines.join(loose ? '\n\n' : '\n');
}

function table({ header, rows }: Tokens.Table): string {
  return [header, ...rows].map((row) => row.map(({ tokens }) => inline(tokens)).join('\t')).join('\n');
}

function inline(tokens: readonly Token[]): string {
  return tokens.map(inlineText).join('');
}

function inlineText(token: Token): string {
  switch (token.type) {
    case 'br':
      return '\n';
    case 'html':
    case 'checkbox':
      return '';
    case 'image':
      return (token as Tokens.Image).text;
    case 'codespan':
    case 'escape':
      return (token as Tokens.Codespan).text;
    case 'link': {
      const { tokens, href } = token as Tokens.Link;
      const said = inline(tokens ?? []);
      const isSaid = said === href || `mailto:${said}` === href || href.startsWith('#') || href === '';
      return isSaid ? said : `${said} (${href})`;
    }
    default: {
      const { tokens, text } = token as Tokens.Generic;
      return tokens ? inline(tokens) : decodeHTML(String(text ?? token.raw));
    }
  }
}

/** The same text, written so that Markdown shows it as it stands: signs escaped, line breaks kept, bullets as lists. */
function toMarkdown(text: string): string {
  const newline = text.includes('\r\n') ? '\r\n' : '\n';
  const lines = text.split(/\r?\n/);
  return lines
    .map((line, index) => {
      const next = lines[index + 1] ?? '';
      const written = markdownLine(line);
      const goesOn = line.trim() !== '' && next.trim() !== '' && !isItem(line) && !isItem(next);
      return goesOn ? `${written}\\` : written;
    })
    .join(newline);
}

const bullet = /^\s*[•◦‣▪–*-]\s+/;
const numbered = /^\s*(\d{1,9})[.)]\s+/;
const isItem = (line: string): boolean => bullet.test(line) || numbered.test(line);

function markdownLine(line: string): string {
  const content = line.trim();
  if (bullet.test(line)) return `- ${escaped(content.replace(bullet, ''))}`;
  const [, number] = numbered.exec(line) ?? [];
  if (number !== undefined) return `${number}. ${escaped(content.replace(numbered, ''))}`;
  return escaped(content).replace(/^([#>+=~-])/, '\\$1');
}

/** An address stays whole, as escapes would break it. */
function escaped(line: string): string {
  return line
    .split(/(https?:\/\/\S+)/)
    .map((part, index) => (index % 2 === 1 ? part : part.replace(/[\\`*_[\]<>|]/g, '\\$&')))
    .join('');
}
