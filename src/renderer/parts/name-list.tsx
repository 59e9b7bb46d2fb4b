import './name-list.css';
import { ActionIcon, Button, TextInput } from '@mantine/core';
import { type FormEvent, type ReactNode, useRef, useState } from 'react';
import { IconX } from './icons.ts';
import type { SettingInUse } from './setting.tsx';

/** Settings that list names, which are told apart by their letters alone. */
export type Names = SettingInUse<'history.excludedApplications'> | SettingInUse<'network.noProxy'>;

export interface NameListProps {
  readonly names: Names;
  readonly labelId: string;
  /** What is to be typed. */
  readonly field: string;
  readonly add: string;
  readonly remove: (name: string) => string;
  readonly maxLength: number;
}

/** Short names in any order, with a field for one more. */
export function NameList({ names, labelId, field, add, remove, maxLength }: NameListProps): ReactNode {
  const [typed, setTyped] = useState('');
  const [refusal, setRefusal] = useState<string>();
  const input = useRef<HTMLInputElement>(null);
  const { value, isFixed } = names;
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    const isNew = typed.trim() !== '' && !isNamed(names, typed);
    const refused = isNew ? await names.offer([...value, typed.trim()]) : undefined;
    setRefusal(refused);
    if (refused === undefined) setTyped('');
  };
  const takeOut = (name: string): void => {
    void names.set(value.filter((other) => other !== name));
    // The button that was pressed is gone with its name.
    input.current?.focus();
  };
  return (
    <div className="names">
      {value.length > 0 && (
        <ul aria-labelledby={labelId}>
          {value.map((name) => (
            <li key={name}>
              <span>{name}</span>
              {!isFixed && (
                <ActionIcon size="sm" radius="xl" aria-label={remove(name)} onClick={() => takeOut(name)}>
                  <IconX size={14} />
                </ActionIcon>
              )}
            </li>
          ))}
        </ul>
      )}
      {!isFixed && (
        <form onSubmit={(event) => void submit(event)}>
          <TextInput
            ref={input}
            aria-label={field}
            placeholder={field}
            maxLength={maxLength}
            spellCheck={false}
            value={typed}
            error={refusal}
            errorProps={{ role: 'alert' }}
            onChange={({ currentTarget }) => setTyped(currentTarget.value)}
          />
          <Button type="submit" variant="default">
            {add}
          </Button>
        </form>
      )}
    </div>
  );
}

export function isNamed({ value }: Names, name: string): boolean {
  return value.some((other) => other.toLowerCase() === name.trim().toLowerCase());
}
