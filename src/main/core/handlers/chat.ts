import type { ChatCompletions } from '../providers/chat.ts';
import type { AreaHandlers } from './index.ts';

export interface ChatDependencies {
  readonly chat: Pick<ChatCompletions, 'complete'>;
}

export const chatHandlers = ({ chat }: ChatDependencies): AreaHandlers<'chat'> => ({
  'chat.complete': async (request, { callId, caller, signal, log, emit }) => {
    const spender = caller.kind === 'token' ? { token: caller.id } : {};
    const { target, attempts } = await chat.complete(request, { callId, spender, signal, log, emit });
    return { provider: target.id, model: target.model, attempts: [...attempts] };
  },
});
