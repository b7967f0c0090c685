import type { ChatMessage, Engine, ToolDefinition } from '../engine/engine.ts';
import { renderedTokens } from '../generation/prompt.ts';
import { badParameter } from '../http/errors.ts';
import type { ChatBody } from './schema.ts';

/** Whether the model may, must or must not call tools, and which. */
export interface ToolUse {
  readonly tools: readonly ToolDefinition[];
  readonly forced: boolean;
}

/** Reads `tools` and `tool_choice`. Throws 400 where they do not go together. */
export function readToolUse(body: ChatBody): ToolUse {
  const tools: ToolDefinition[] = (body.tools ?? []).map(({ type, function: { name, description, parameters } }) => ({
    type,
    function: { name, ...(description == null ? {} : { description }), ...(parameters == null ? {} : { parameters }) },
  }));
  const choice = body.tool_choice ?? (tools.length > 0 ? 'auto' : 'none');
  if (choice === 'none') return { tools: [], forced: false };
  if (tools.length === 0) throw badParameter('tool_choice', 'tool_choice needs tools.');
  if (choice === 'auto' || choice === 'required') return { tools, forced: choice === 'required' };
  const named = tools.filter((tool) => tool.function.name === choice.function.name);
  if (named.length === 0)
    throw badParameter('tool_choice', `tool_choice names ${choice.function.name}, which is not among the tools.`);
  return { tools: named, forced: true };
}

/** Renders the conversation with the model's template; where that has no place for tools, they are told in words. */
export function chatTokens(engine: Engine, messages: ChatBody['messages'], use: ToolUse): readonly number[] {
  const plain = messages.map(toMessage);
  const native = engine.info.capabilities.tools;
  const rendered = native
    ? engine.renderChat(plain, use.tools.length > 0 ? { tools: use.tools } : {})
    : engine.renderChat(inWords(plain, use.tools));
  return renderedTokens(engine, rendered);
}

function toMessage(message: ChatBody['messages'][number], index: number): ChatMessage {
  const { role, content, name, tool_calls: calls, tool_call_id: callId } = message;
  const text = Array.isArray(content) ? content.map((part) => part.text).join('') : (content ?? null);
  if (text === null && !(role === 'assistant' && calls != null && calls.length > 0)) {
    throw badParameter(`messages[${index}].content`, `messages[${index}] needs a content.`);
  }
  return {
    role: role === 'developer' ? 'system' : role,
    content: text,
    ...(name == null ? {} : { name }),
    ...(calls == null || calls.length === 0 ? {} : { tool_calls: calls }),
    ...(callId == null ? {} : { tool_call_id: callId }),
  };
}

/** Tools, calls and their results as plain turns, for templates that know only system, user and assistant. */
function inWords(messages: readonly ChatMessage[], tools: readonly ToolDefinition[]): readonly ChatMessage[] {
  const turns = messages.map((message): ChatMessage => {
    if (message.role === 'tool')
      return { role: 'user', content: `<tool_response>\n${message.content ?? ''}\n</tool_response>` };
    if (message.tool_calls === undefined) return message;
    const calls = message.tool_calls.map(
      (call) =>
        `<tool_call>\n{"name": ${JSON.stringify(call.function.name)}, "arguments": ${call.function.arguments}}\n</tool_call>`,
    );
    return { role: 'assistant', content: [message.content ?? '', ...calls].filter((text) => text !== '').join('\n') };
  });
  if (tools.length === 0) return turns;
  const words = [
    'You may call these functions to answer:',
    ...tools.map((tool) => JSON.stringify(tool.function)),
    'To call one, answer with only this: <tool_call>{"name": "the function", "arguments": {its arguments}}</tool_call>',
  ].join('\n');
  const [first, ...others] = turns;
  if (first?.role === 'system') return [{ role: 'system', content: `${first.content ?? ''}\n\n${words}` }, ...others];
  return [{ role: 'system', content: words }, ...turns];
}
