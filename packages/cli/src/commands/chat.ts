import { type ChatOptions, converse, type Endpoint, type Message } from '../endpoint/endpoint.ts';
import { exitCode, type ExitCode, usage } from '../failure.ts';
import { type Session, thisMachine } from '../session.ts';
import { printable } from '../terminal/terminal.ts';
import { lookUp, titleOf } from '../workspace/lookup.ts';
import { endpointOf } from '../workspace/running.ts';

export interface ChatFlags extends ChatOptions {
  readonly message?: string;
  readonly system?: string;
  readonly namespace?: string;
  readonly apiKeyFile?: string;
}

/** `kaito chat` on this machine. */
export async function chat(session: Session, name: string | undefined, options: ChatFlags): Promise<ExitCode> {
  const workspace = await lookUp(name, options.namespace);
  const endpoint = await endpointOf(workspace, options.apiKeyFile);
  const title = `${titleOf(workspace)} (${workspace.plan.model?.name ?? 'model'}) ${thisMachine}`;
  return talk(session, { title, endpoint, options });
}

export interface Talk {
  /** Whom one talks to, and where. */
  readonly title: string;
  readonly endpoint: Endpoint;
  readonly options: ChatFlags;
}

/** One message (from -m or standard input), or a conversation on a terminal. */
export async function talk(session: Session, { title, endpoint, options }: Talk): Promise<ExitCode> {
  const system: Message[] = options.system == null ? [] : [{ role: 'system', content: options.system }];
  const { terminal } = session;
  if (options.message == null && terminal.inIsTerminal) {
    const { conversation } = await import('./conversation.ts');
    return conversation(session, { title, endpoint, system, options });
  }
  const content = options.message ?? (await standardInput());
  if (content.trim() === '') throw usage('The message is empty.', 'Give it with -m TEXT, or on standard input.');
  const interrupt = session.interruptible();
  try {
    await streamAnswer(session, endpoint, [...system, { role: 'user', content }], options, interrupt.signal);
  } finally {
    interrupt.release();
  }
  return interrupt.signal.aborted ? exitCode.interrupted : exitCode.done;
}

async function standardInput(): Promise<string> {
  let text = '';
  process.stdin.setEncoding('utf8');
  for await (const chunk of process.stdin) text += chunk as string;
  return text;
}

/**
 * Writes the answer piece by piece to standard output and gives it whole. An abort ends it where it is. On a terminal what could steer it is left
 * out; a newline follows the answer.
 */
export async function streamAnswer(
  { terminal }: Session,
  endpoint: Endpoint,
  messages: readonly Message[],
  options: ChatOptions,
  signal: AbortSignal,
): Promise<string> {
  let answer = '';
  try {
    for await (const piece of converse(endpoint, messages, options, signal)) {
      answer += piece;
      terminal.out(terminal.outIsTerminal ? printable(piece) : piece);
    }
  } catch (error) {
    if (!signal.aborted) {
      if (answer !== '') terminal.out('\n');
      throw error;
    }
  }
  if (!answer.endsWith('\n')) terminal.out('\n');
  return answer;
}
