import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { Clock } from '@kaito/kube';
import { WalkthroughError } from '../error.ts';
import { Screen, size } from './screen.ts';

const shell = fileURLToPath(new URL('shell.bash', import.meta.url));
/** Milliseconds without anything new after which a screen is looked at: a program draws one in several pieces. */
const quietTime = 150;
/** Milliseconds that programs have to end after the terminal hung up. */
const patience = 2_000;

/** The end of a command. */
export interface Finished {
  readonly status: number;
  /** As a person would have seen it at the end: without the control sequences. */
  readonly output: string;
}

/** A command in its terminal. */
export interface Running {
  /** Rejects with `TerminalEnded` when the terminal ends first. */
  readonly finished: Promise<Finished>;
  /** What is on the screen now. */
  screen(): string;
  /** Calls back whenever nothing new has come for a moment; the returned function ends that. */
  onQuiet(listener: () => void): () => void;
  /** Types into the terminal. */
  type(text: string): void;
  /** Ctrl-C. */
  interrupt(): void;
}

/** A shell under a pseudo-terminal; its variables live from one command to the next. */
export interface Terminal {
  /** Types a command; the one before has ended. `onLine` is given each line that it prints. */
  run(command: string, onLine?: (line: string) => void): Running;
  /** Hangs up: ends the shell and all that runs in it. */
  end(): Promise<void>;
}

export class TerminalEnded extends Error {
  override readonly name = 'TerminalEnded';
}

export interface TerminalOptions {
  readonly directory: string;
  readonly variables: Readonly<Record<string, string>>;
  readonly clock: Clock;
}

interface Current {
  readonly screen: Screen;
  readonly onLine: ((line: string) => void) | undefined;
  readonly listeners: Set<() => void>;
  lines: number;
  finish(status: number): void;
}

/**
 * Opens a terminal; it hangs up when this process ends, however it ends. `setpriv` and `script` of util-linux, which hold it, and `bash`
 * are found by the PATH of the variables.
 */
export function openTerminal({ directory, variables, clock }: TerminalOptions): Terminal {
  const quoted = `'${shell.replaceAll("'", String.raw`'\''`)}'`;
  const program = `exec bash --norc --noprofile ${quoted} ${size.rows} ${size.columns}`;
  const child: ChildProcess = spawn('setpriv', ['--pdeathsig=KILL', '--', 'script', '-qefc', program, '/dev/null'], {
    cwd: directory,
    env: { ...variables, SHELL: '/bin/sh' },
    stdio: ['pipe', 'pipe', 'inherit', 'pipe'],
    // In a session of its own: a Ctrl-C that is meant for the walkthrough does not reach it.
    detached: true,
  });
  const commands = child.stdio[3] as Writable;
  // It may be written to while it ends.
  for (const stream of [child.stdin!, commands]) stream.on('error', () => {});
  let leader: number | undefined;
  const started = Promise.withResolvers<void>();
  let current: Current | undefined;
  let quiet: (() => void) | undefined;
  let failure: Error | undefined;
  const gone = new Promise<never>((_, reject) => {
    child.once('error', (error) =>
      reject(
        (failure = new WalkthroughError(
          'NoTerminal',
          `no terminal can be opened: ${error.message}`,
          'install util-linux',
          { cause: error },
        )),
      ),
    );
    child.once('close', () => {
      // What does not listen to a terminal that hangs up.
      if (leader !== undefined) killGroup(leader, 'SIGKILL');
      reject((failure ??= new TerminalEnded('the terminal has ended')));
    });
  });
  gone.catch(() => {});

  const mark = (data: string): void => {
    const [kind, value = ''] = data.split(';');
    if (kind === 'A') {
      leader = Number(value.replace('aid=', ''));
      started.resolve();
    } else if (kind === 'D') current?.finish(Number(value));
  };
  let screen = new Screen(mark);

  child.stdout!.on('data', (data: Buffer) => {
    const of = current;
    screen.write(data, () => {
      if (of === undefined || of !== current) return;
      if (of.onLine !== undefined) printLines(of, of.screen.finishedLines());
      quiet?.();
      quiet = clock.after(quietTime, () => {
        for (const listener of of.listeners) listener();
      });
    });
  });

  return {
    run(command, onLine) {
      if (current !== undefined) throw new Error(`the terminal is busy: ${command}`);
      screen = new Screen(mark);
      const { promise, resolve } = Promise.withResolvers<Finished>();
      const running: Current = {
        screen,
        onLine,
        listeners: new Set(),
        lines: 0,
        finish(status) {
          current = undefined;
          quiet?.();
          const output = running.screen.output();
          printLines(running, output === '' ? [] : output.split('\n'));
          resolve({ status, output });
        },
      };
      current = running;
      // Before it has said which process it is, the shell could not be ended with what it runs.
      void started.promise.then(() => commands.write(`${command}\0`));
      return {
        finished: Promise.race([promise, gone]),
        screen: () => running.screen.text(),
        onQuiet(listener) {
          running.listeners.add(listener);
          return () => void running.listeners.delete(listener);
        },
        interrupt: () => void child.stdin!.write('\u0003'),
        type: (text) => void child.stdin!.write(text),
      };
    },

    async end() {
      if (failure !== undefined) return;
      const closed = once(child, 'close');
      commands.destroy();
      const signal = (name: NodeJS.Signals): void => {
        // Without job control all that the shell starts is of its process group. Before that is known it runs nothing, and ends
        // without a command.
        if (leader === undefined) child.kill('SIGKILL');
        else killGroup(leader, name);
      };
      signal('SIGHUP');
      const cancel = clock.after(patience, () => signal('SIGKILL'));
      await closed.catch(() => {});
      cancel();
    },
  };
}

function printLines(running: Current, lines: readonly string[]): void {
  if (running.onLine !== undefined) for (const line of lines.slice(running.lines)) running.onLine(line);
  running.lines = Math.max(running.lines, lines.length);
}

function killGroup(leader: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-leader, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
