import type { Plugin } from '../../src/shared/plugin-api.ts';
import { nameCase, sentenceCase, titleCase } from './cases.ts';
import { count } from './count.ts';
import {
  fixLineBreaks,
  joinToOneLine,
  reverseLines,
  sortLines,
  splitAtSeparators,
  trimAndCollapse,
  uniqueLines,
} from './lines.ts';
import { smartQuotes, straightQuotes } from './quotes.ts';
import { findSecrets } from './secrets.ts';

export const plugin: Plugin = {
  commands: {
    'upper-case': (text) => text.toUpperCase(),
    'lower-case': (text) => text.toLowerCase(),
    'title-case': titleCase,
    'sentence-case': sentenceCase,
    'camel-case': nameCase('camel'),
    'snake-case': nameCase('snake'),
    'kebab-case': nameCase('kebab'),
    trim: trimAndCollapse,
    'fix-line-breaks': fixLineBreaks,
    'join-lines': joinToOneLine,
    'split-lines': splitAtSeparators,
    'sort-lines': sortLines,
    'unique-lines': uniqueLines,
    'reverse-lines': reverseLines,
    'smart-quotes': smartQuotes,
    'straight-quotes': straightQuotes,
    count,
    'find-secrets': findSecrets,
  },
};
