/** A command that only gives a variable its value. */
export interface Assignment {
  readonly name: string;
  /** Whether the value is what a program printed. */
  readonly computed: boolean;
}

const piece = String.raw`"(?:[^"\\$]|\\.|\$(?!\())*"|'[^']*'|\$\([^()]*\)|\$\{?\w+\}?|[^\s"'$();&|<>\\${'`'}]`;
const assignment = new RegExp(`^(?:export\\s+)?([A-Za-z_]\\w*)=(?:${piece})*$`);

/** What a command assigns, when it does nothing else. Forms beyond a plain value, quotes and one `$(…)` are not taken for one. */
export function assignmentOf(command: string): Assignment | undefined {
  const name = assignment.exec(command.trim())?.[1];
  return name === undefined ? undefined : { name, computed: command.includes('$(') };
}
