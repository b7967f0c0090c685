import type { ExitCode } from '../failure.ts';
import type { Session } from '../session.ts';

/** How a command is wired: the session, and where its exit code goes. */
export interface Wiring {
  readonly session: Session;
  /** Runs an action to its end and keeps its exit code. */
  readonly act: (work: (session: Session) => Promise<ExitCode>) => Promise<void>;
}

/** Help's last part: commands to copy, each with what it does. */
export function examples(lines: readonly (readonly [command: string, does: string])[]): string {
  const widest = Math.max(...lines.map(([command]) => command.length));
  return `\nExamples:\n${lines.map(([command, does]) => `  ${command.padEnd(widest)}   # ${does}`).join('\n')}`;
}
