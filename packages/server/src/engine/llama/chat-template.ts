import { Template } from '@huggingface/jinja';
import { type ChatMessage, EngineError, type ToolDefinition } from '../engine.ts';

/** A model's own chat template, compiled. */
export interface ChatTemplate {
  /** Whether the template has a place for tools. */
  readonly tools: boolean;
  render(messages: readonly ChatMessage[], tools: readonly ToolDefinition[] | undefined): string;
}

/**
 * Compiles the Jinja template of a model's metadata; `bos` and `eos` are the texts of these tokens. Throws EngineError `ModelFileInvalid`
 * when it does not parse; `render` throws `NotSupported` when the template refuses the messages.
 */
export function compileChatTemplate(source: string, bos: string, eos: string): ChatTemplate {
  let template: Template;
  try {
    template = new Template(source);
  } catch (error) {
    throw new EngineError('ModelFileInvalid', `The model's chat template cannot be read: ${reasonOf(error)}`, {
      cause: error,
    });
  }
  return {
    tools: /\btools\b/.test(source),
    render(messages, tools) {
      try {
        return template.render({
          messages: messages.map(templateMessage),
          ...(tools && tools.length > 0 && { tools }),
          add_generation_prompt: true,
          bos_token: bos,
          eos_token: eos,
        });
      } catch (error) {
        throw new EngineError('NotSupported', `The model's chat template refuses these messages: ${reasonOf(error)}`, {
          remedy: 'Use the roles and their order that the model was trained with.',
          cause: error,
        });
      }
    },
  };
}

/** Templates expect text, and the arguments of a call as an object, where OpenAI's API has null and a JSON string. */
function templateMessage(message: ChatMessage): Record<string, unknown> {
  const { tool_calls: calls } = message;
  return {
    ...message,
    content: message.content ?? '',
    ...(calls && {
      tool_calls: calls.map((call) => ({
        ...call,
        function: { ...call.function, arguments: parsed(call.function.arguments) },
      })),
    }),
  };
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return json;
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
