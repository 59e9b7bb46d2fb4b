import './entries.css';
import { ActionIcon } from '@mantine/core';
import type { KeyboardEvent, ReactNode } from 'react';
import { IconX } from './icons.ts';

export interface EntriesProps {
  readonly labelId: string;
  /** Said where there are none. */
  readonly none: string;
  /** Their order means something. */
  readonly ordered?: boolean;
  readonly children: readonly ReactNode[];
}

/** What a setting lists, a line each. */
export function Entries({ labelId, none, ordered = false, children }: EntriesProps): ReactNode {
  if (children.length === 0) return <p className="entries-none">{none}</p>;
  const List = ordered ? 'ol' : 'ul';
  return (
    <List className="entries" aria-labelledby={labelId}>
      {children}
    </List>
  );
}

export interface EntryProps {
  readonly children: ReactNode;
  readonly buttons?: ReactNode;
  readonly onKeyDown?: (event: KeyboardEvent) => void;
}

export function Entry({ children, buttons, onKeyDown }: EntryProps): ReactNode {
  return (
    <li className="entry" onKeyDown={onKeyDown}>
      <span className="entry-text">{children}</span>
      {buttons && <span className="entry-buttons">{buttons}</span>}
    </li>
  );
}

interface RemoveButtonProps {
  readonly label: string;
  readonly onRemove: () => Promise<boolean>;
}

/** The button goes with what it removes: the one of the next line takes the focus, or whatever comes after the list. */
export function RemoveButton({ label, onRemove }: RemoveButtonProps): ReactNode {
  const remove = async (button: HTMLElement): Promise<void> => {
    const line = button.closest('li');
    const block = button.closest('.entries-block');
    const other = line?.nextElementSibling ?? line?.previousElementSibling;
    const next = other?.querySelector<HTMLElement>('.entry-remove');
    if (!(await onRemove())) return;
    (next ?? block?.querySelector<HTMLElement>('.entries-add button, .entries-add input'))?.focus();
  };
  return (
    <ActionIcon className="entry-remove" aria-label={label} onClick={({ currentTarget }) => void remove(currentTarget)}>
      <IconX size={16} />
    </ActionIcon>
  );
}
