import { appendFile, mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { stateDirectory } from '@kaito/local';
import type { ChatOptions, Endpoint, Message } from '../endpoint/endpoint.ts';
import { blocks, exitCode, type ExitCode, Failure } from '../failure.ts';
import type { Session } from '../session.ts';
import { streamAnswer } from './chat.ts';

interface Conversation {
  readonly title: string;
  readonly endpoint: Endpoint;
  readonly system: readonly Message[];
  readonly options: ChatOptions;
}

/** Lines of the history that are kept. */
const historySize = 500;

/**
 * A conversation on a terminal: lines with history, `/reset` and `/exit`. Ctrl-C stops an answer, at the prompt it drops the line and ends the conversation on an
 * empty one; Ctrl-D ends it.
 */
export async function conversation(
  session: Session,
  { title, endpoint, system, options }: Conversation,
): Promise<ExitCode> {
  const { terminal } = session;
  const style = terminal.outStyle;
  terminal.out(
    `${style.dim(`Talking to ${title}. /reset begins anew, /exit or Ctrl-D ends, Ctrl-C stops an answer.`)}\n`,
  );
  const lines = createInterface({
    input: process.stdin,
    output: process.stdout,
    prompt: `${style.bold(style.cyan('you'))}> `,
    history: await readHistory(),
    historySize,
    removeHistoryDuplicates: true,
  });
  let messages = [...system];
  let answering: AbortController | undefined;
  lines.on('SIGINT', () => {
    if (answering != null) answering.abort();
    else if (lines.line === '') lines.close();
    else {
      lines.write(null, { ctrl: true, name: 'e' });
      lines.write(null, { ctrl: true, name: 'u' });
    }
  });
  let closed = false;
  lines.on('close', () => {
    closed = true;
    answering?.abort();
  });
  lines.prompt();
  for await (const line of lines) {
    const text = line.trim();
    if (text === '/exit' || text === '/quit') break;
    if (text === '/reset') {
      messages = [...system];
      terminal.out(`${style.dim('Begun anew.')}\n`);
    } else if (text.startsWith('/')) {
      terminal.out(`${style.dim(`There is ${text.split(/\s/)[0]} not; there are /reset and /exit.`)}\n`);
    } else if (text !== '') {
      await remember(text);
      answering = new AbortController();
      const asked: Message[] = [...messages, { role: 'user', content: text }];
      try {
        const answer = await streamAnswer(session, endpoint, asked, options, answering.signal);
        messages = answer === '' ? messages : [...asked, { role: 'assistant', content: answer }];
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        terminal.err(blocks(error.findings, terminal.errStyle));
      } finally {
        answering = undefined;
      }
    }
    if (closed) break;
    lines.prompt();
  }
  lines.close();
  terminal.out('\n');
  return exitCode.done;
}

const historyFile = () => join(stateDirectory(), 'chat-history');

/** The newest line first, as readline wants it. */
async function readHistory(): Promise<string[]> {
  const text = await readFile(historyFile(), 'utf8').catch(() => '');
  return text.split('\n').filter(Boolean).slice(-historySize).toReversed();
}

/** A conversation goes on where its history cannot be written. */
async function remember(line: string): Promise<void> {
  const file = historyFile();
  await mkdir(dirname(file), { recursive: true, mode: 0o700 }).catch(() => {});
  await appendFile(file, `${line}\n`, { mode: 0o600 }).catch(() => {});
}
