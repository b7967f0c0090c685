import type { Step } from '../story/step.ts';
import type { Terminal } from '../terminal/terminal.ts';
import type { Prompts } from './prompts.ts';

export type Choice = 'run' | 'skip' | 'quit';

/** How a person is asked before each step. */
export interface Stepping {
  readonly prompts: Prompts;
  say(text: string): void;
  readonly signal: AbortSignal;
}

/**
 * Shows a step and asks what to do with it; a line that begins with `!` is run in the step's terminal first, and ended by Ctrl-C
 * when Enter comes before its end. The end of the lines is `quit`.
 */
export async function askFor(step: Step, terminal: Terminal, { prompts, say, signal }: Stepping): Promise<Choice> {
  say(`   ${step.number}  ${step.command.split('\n').join('\n      ')}`);
  for (;;) {
    say('   Enter: run it; s: skip it; q: quit; !COMMAND: try something of your own in this terminal');
    const line = (await prompts.next(signal))?.trim();
    if (line === undefined || line === 'q') return 'quit';
    if (line === '') return 'run';
    if (line === 's') return 'skip';
    if (line.startsWith('!')) await trial(line.slice(1), terminal, { prompts, say, signal });
  }
}

async function trial(command: string, terminal: Terminal, { prompts, say, signal }: Stepping): Promise<void> {
  say('   (Enter ends it)');
  const running = terminal.run(command, (line) => say(`   ${line}`));
  const ended = new AbortController();
  const finished = running.finished.finally(() => ended.abort());
  void prompts.next(AbortSignal.any([signal, ended.signal])).then(
    () => running.interrupt(),
    () => {},
  );
  const { status } = await finished;
  say(`   exit status ${status}`);
}
