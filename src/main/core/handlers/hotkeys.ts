import type { HotkeyInfo } from '../../../shared/contract.ts';
import type { EventBus } from '../events.ts';
import type { AreaHandlers } from './index.ts';

export interface HotkeysDependencies {
  readonly events: Pick<EventBus, 'publish'>;
}

/** The shell registers hotkeys; the core only remembers what became of them, for the panels. */
export const hotkeysHandlers = ({ events }: HotkeysDependencies): AreaHandlers<'hotkeys'> => {
  let reported: readonly HotkeyInfo[] = [];
  return {
    'hotkeys.list': () => ({ hotkeys: [...reported] }),
    'hotkeys.report': ({ hotkeys }) => {
      reported = hotkeys;
      events.publish('hotkeys.changed', { hotkeys });
      return {};
    },
  };
};
