import type { ReactNode } from 'react';
import type { ActionInfo } from '../../shared/contract.ts';
import {
  IconBriefcase,
  IconBug,
  IconBulb,
  IconChain,
  IconCheck,
  IconChecklist,
  IconCode,
  IconComment,
  IconCommit,
  IconExpand,
  IconHeart,
  IconLanguage,
  IconList,
  IconMachine,
  IconMail,
  IconMessage,
  IconParagraph,
  IconPlugin,
  IconProcess,
  IconPrompt,
  IconQuestion,
  IconRegex,
  IconReply,
  IconScissors,
  IconSmile,
  IconSummary,
  IconTable,
  IconTitle,
} from './icons.ts';

export type ActionIconName = ActionInfo['icon'];

const icons = {
  sparkles: IconPrompt,
  check: IconCheck,
  scissors: IconScissors,
  bulb: IconBulb,
  briefcase: IconBriefcase,
  smile: IconSmile,
  heart: IconHeart,
  expand: IconExpand,
  summary: IconSummary,
  list: IconList,
  checklist: IconChecklist,
  language: IconLanguage,
  question: IconQuestion,
  reply: IconReply,
  message: IconMessage,
  pencil: IconProcess,
  mail: IconMail,
  table: IconTable,
  paragraph: IconParagraph,
  title: IconTitle,
  code: IconCode,
  comment: IconComment,
  bug: IconBug,
  commit: IconCommit,
  regex: IconRegex,
  chain: IconChain,
  plugin: IconPlugin,
  machine: IconMachine,
} as const satisfies Record<ActionIconName, unknown>;

export const actionIconNames = Object.keys(icons) as ActionIconName[];

/** The picture of an action, as its definition names it. */
export function ActionIcon({ icon, size = 18 }: { readonly icon: ActionIconName; readonly size?: number }): ReactNode {
  const Icon = icons[icon] ?? icons.sparkles;
  return <Icon size={size} aria-hidden />;
}
