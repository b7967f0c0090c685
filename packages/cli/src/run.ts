import { CommanderError } from 'commander';
import { blocks, exitCode, Failure, failure } from './failure.ts';
import { buildProgram } from './program/program.ts';
import type { Session } from './session.ts';
import { processTerminal, type Terminal } from './terminal/terminal.ts';

/** Runs the command line `argv` (without node and script) to its exit code. Every error becomes one block on standard error. */
export async function run(argv: readonly string[], terminal: Terminal = processTerminal()): Promise<number> {
  let code: number = exitCode.done;
  const session: Session = { terminal, now: Date.now, interruptible };
  try {
    const [first = '--help', ...rest] = argv;
    const word = first === '--version' || first === '-V' ? 'version' : first;
    const program = buildProgram(
      session,
      (exit) => {
        code = exit;
      },
      [word, ...rest],
    );
    await program.parseAsync([word, ...rest], { from: 'user' });
    return code;
  } catch (error) {
    return report(error, terminal);
  }
}

function report(error: unknown, terminal: Terminal): number {
  const debug = terminal.env['KAITO_DEBUG'] === '1';
  if (error instanceof CommanderError) {
    // Help and version end this way too; their text and the text of usage errors are written already.
    return error.exitCode === 0 ? exitCode.done : exitCode.usage;
  }
  const shown = error instanceof Failure ? error : unforeseen(error);
  terminal.err(blocks(shown.findings, terminal.errStyle));
  if (debug && error instanceof Error) terminal.err(`${error.stack ?? ''}\n`);
  return shown.exit;
}

/** What no command foresaw: errors of other packages carry `code`, `message` and perhaps `remedy`; the rest is a defect. */
function unforeseen(error: unknown): Failure {
  if (!(error instanceof Error))
    return failure('Internal', String(error), 'Set KAITO_DEBUG=1 and report what it prints.');
  const { code, remedy } = error as { code?: unknown; remedy?: unknown };
  if (typeof code === 'string') {
    return failure(code, sentence(error.message), typeof remedy === 'string' ? remedy : undefined);
  }
  return failure('Internal', sentence(error.message), 'Set KAITO_DEBUG=1 to see where it happened.');
}

const sentence = (text: string) => (/[.!?]$/.test(text) ? text : `${text}.`);

function interruptible(): ReturnType<Session['interruptible']> {
  const controller = new AbortController();
  const abort = () => controller.abort();
  process.on('SIGINT', abort);
  process.on('SIGTERM', abort);
  return {
    signal: controller.signal,
    release: () => {
      process.off('SIGINT', abort);
      process.off('SIGTERM', abort);
    },
  };
}
