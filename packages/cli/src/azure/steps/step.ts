/** One thing that has to be so. Steps are done in order, each of them any number of times with the same end. */
export interface Step {
  readonly name: string;
  /** `by hand`: this command cannot, or may not, do it. */
  readonly state: 'already' | 'todo' | 'by hand';
  /** What there is, or what is to be done: `create the identity kaito-prod in resource group rg`. */
  readonly says: string;
  /** The same as commands to copy. */
  readonly commands: readonly string[];
  /** What a person should know before agreeing. */
  readonly warning?: string;
  /** Does it; for `todo`. Resolves to what came of it where `says` does not tell it. */
  readonly run?: () => Promise<string | void>;
}

/** A step and what has become of it. */
export interface StepResult extends Pick<Step, 'name' | 'says' | 'commands' | 'warning'> {
  readonly state: 'already' | 'would' | 'done' | 'by hand' | 'failed' | 'not done';
}
