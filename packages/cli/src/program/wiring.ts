import type { ExitCode } from '../failure.ts';
import type { Cluster } from '../cluster/connect.ts';
import type { Session } from '../session.ts';
import type { TargetFlags } from '../workspace/target.ts';

/** How a command is wired: the session, and where its exit code goes. */
export interface Wiring {
  readonly session: Session;
  /** Runs an action to its end and keeps its exit code. */
  readonly act: (work: (session: Session) => Promise<ExitCode>) => Promise<void>;
  /** Runs an action where the flags, or what `kaito use` has saved, say. */
  readonly actOn: (flags: TargetFlags, places: Places) => Promise<void>;
}

/** An action in its two forms. */
export interface Places {
  readonly local: (session: Session) => Promise<ExitCode>;
  readonly cluster: (session: Session, cluster: Cluster) => Promise<ExitCode>;
}

/** Help's last part: commands to copy, each with what it does. */
export function examples(lines: readonly (readonly [command: string, does: string])[]): string {
  const widest = Math.max(...lines.map(([command]) => command.length));
  return `\nExamples:\n${lines.map(([command, does]) => `  ${command.padEnd(widest)}   # ${does}`).join('\n')}`;
}
