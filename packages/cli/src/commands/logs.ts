import { logs as logLines } from '@kaito/local';
import { exitCode, type ExitCode } from '../failure.ts';
import { type Session, thisMachine } from '../session.ts';
import { printable } from '../terminal/terminal.ts';
import { lookUp } from '../workspace/lookup.ts';
import { refuseFlags } from '../workspace/target.ts';

interface Options {
  readonly namespace?: string;
  readonly follow?: boolean;
  readonly tail?: number;
  readonly supervisor?: boolean;
  readonly container?: string;
  readonly previous?: boolean;
}

/** `kaito logs`: the server's or the supervisor's log, line by line. */
export async function logs(session: Session, name: string | undefined, options: Options): Promise<ExitCode> {
  refuseFlags(
    options,
    ['--container', '--previous'],
    `${thisMachine}: --supervisor is the log of fetching and starting`,
  );
  const { namespace, name: found } = await lookUp(name, options.namespace);
  const { terminal } = session;
  const interrupt = options.follow === true ? session.interruptible() : undefined;
  try {
    const lines = logLines(namespace, found, {
      source: options.supervisor === true ? 'supervisor' : 'server',
      ...(options.tail == null ? {} : { tail: options.tail }),
      ...(interrupt == null ? {} : { follow: true, signal: interrupt.signal }),
    });
    for await (const line of lines) terminal.out(`${terminal.outIsTerminal ? printable(line) : line}\n`);
  } catch (error) {
    if (interrupt?.signal.aborted !== true) throw error;
  } finally {
    interrupt?.release();
  }
  return interrupt?.signal.aborted === true ? exitCode.interrupted : exitCode.done;
}
