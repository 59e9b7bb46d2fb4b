import './picker.css';
import { Combobox, InputBase, useCombobox } from '@mantine/core';
import { type ReactNode, useLayoutEffect, useState } from 'react';
import { IconCheck, IconChevronDown } from './icons.ts';

export interface Choice {
  readonly value: string;
  readonly label: string;
  readonly icon?: ReactNode;
  /** A second line, also found by the search. */
  readonly detail?: string;
  /** Short facts at the end of the line. */
  readonly tag?: string;
  /** Heading it stands under, with the others that follow it and have the same. */
  readonly group?: string;
}

export interface PickerProps {
  /** Names the control; not shown. */
  readonly label: string;
  readonly find: string;
  readonly nothing: string;
  readonly value: string | undefined;
  readonly choices: readonly Choice[];
  readonly onChoose: (value: string) => void;
  readonly quiet?: boolean;
  readonly placeholder?: string;
}

/** A button that opens a searchable list; works by arrows, Enter and Escape throughout. */
export function Picker(props: PickerProps): ReactNode {
  const { label, find, nothing, value, choices, onChoose, quiet = false, placeholder } = props;
  const [search, setSearch] = useState('');
  const combobox = useCombobox({
    onDropdownClose: (source) => {
      setSearch('');
      combobox.resetSelectedOption();
      if (source === 'keyboard') combobox.focusTarget();
    },
    onDropdownOpen: () => {
      combobox.focusSearchInput();
      combobox.selectActiveOption();
    },
  });
  const chosen = choices.find((choice) => choice.value === value);
  const found = choices.filter((choice) => matches(choice, search));
  const listed = found.map((choice) => choice.value).join('\n');
  // When the list has been drawn anew, its first entry is the one Enter takes.
  // biome-ignore lint/correctness/useExhaustiveDependencies: it is drawn anew when the search or what is listed changes
  useLayoutEffect(() => {
    if (search !== '') combobox.selectFirstOption();
  }, [search, listed]);

  const choose = (next: string): void => {
    onChoose(next);
    combobox.closeDropdown();
    combobox.focusTarget();
  };

  return (
    <Combobox store={combobox} width={quiet ? 300 : 400} position="bottom-start" shadow="md" onOptionSubmit={choose}>
      <Combobox.Target targetType="button">
        <InputBase
          component="button"
          type="button"
          pointer
          className={quiet ? 'picker picker-quiet' : 'picker'}
          leftSection={chosen?.icon}
          rightSection={<IconChevronDown size={15} />}
          rightSectionPointerEvents="none"
          aria-label={`${label}: ${chosen?.label ?? placeholder ?? ''}`}
          onClick={() => combobox.toggleDropdown()}
          onKeyDown={({ key, ctrlKey, metaKey, altKey }) => {
            // The search takes the focus a moment after the list has opened: what is typed until then is meant for it.
            const isTyped = Array.from(key).length === 1 && key !== ' ' && !ctrlKey && !metaKey && !altKey;
            if (combobox.dropdownOpened && isTyped) setSearch((typed) => typed + key);
          }}
        >
          <span className="picker-value">{chosen?.label ?? placeholder}</span>
        </InputBase>
      </Combobox.Target>
      <Combobox.Dropdown>
        <Combobox.Search
          value={search}
          placeholder={find}
          aria-label={find}
          role="combobox"
          aria-expanded
          onChange={({ currentTarget }) => {
            setSearch(currentTarget.value);
          }}
          onKeyDown={(event) => {
            // The list may not have marked an entry yet when somebody types fast: the first one found is meant.
            const [first] = found;
            if (event.key !== 'Enter' || !first || combobox.getSelectedOptionIndex() >= 0) return;
            event.preventDefault();
            choose(first.value);
          }}
        />
        <Combobox.Options className="picker-options" aria-label={label}>
          {grouped(found).map(({ group, members }) => {
            const options = members.map((choice) => (
              <Combobox.Option
                key={choice.value}
                value={choice.value}
                active={choice.value === value}
                aria-selected={choice.value === value}
              >
                <ChoiceLine choice={choice} chosen={choice.value === value} />
              </Combobox.Option>
            ));
            return group === undefined ? (
              options
            ) : (
              <Combobox.Group key={group} label={group}>
                {options}
              </Combobox.Group>
            );
          })}
          {found.length === 0 && <Combobox.Empty>{nothing}</Combobox.Empty>}
        </Combobox.Options>
      </Combobox.Dropdown>
    </Combobox>
  );
}

/** The choices in their order, those under one heading together. */
function grouped(choices: readonly Choice[]): { group: string | undefined; members: Choice[] }[] {
  const groups: { group: string | undefined; members: Choice[] }[] = [];
  for (const choice of choices) {
    const last = groups.at(-1);
    if (last && last.group === choice.group) last.members.push(choice);
    else groups.push({ group: choice.group, members: [choice] });
  }
  return groups;
}

function ChoiceLine({ choice, chosen }: { readonly choice: Choice; readonly chosen: boolean }): ReactNode {
  return (
    <span className="choice">
      {choice.icon && <span className="choice-icon">{choice.icon}</span>}
      <span className="choice-main">
        <span className="choice-label">{choice.label}</span>
        {choice.detail && <span className="choice-detail">{choice.detail}</span>}
      </span>
      {choice.tag && <span className="choice-tag">{choice.tag}</span>}
      <span className="choice-check">{chosen && <IconCheck size={15} />}</span>
    </span>
  );
}

/** Every word of the search begins or stands in the label or the second line. */
function matches({ label, detail = '', group = '' }: Choice, search: string): boolean {
  const text = `${label} ${detail} ${group}`.toLocaleLowerCase();
  return search
    .toLocaleLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}
