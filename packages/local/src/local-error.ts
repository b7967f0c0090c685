export type LocalErrorCode =
  | 'InvalidName'
  | 'NotFound'
  | 'PlanRefused'
  | 'PlanNotLocal'
  | 'StateDamaged'
  | 'StateNotWritable'
  | 'SupervisorFailed'
  | 'StillRunning'
  | 'Aborted';

/** What can go wrong between a person and the local runner: a code, one sentence, and what mends it. */
export class LocalError extends Error {
  readonly code: LocalErrorCode;
  readonly remedy: string;

  constructor(code: LocalErrorCode, message: string, remedy: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'LocalError';
    this.code = code;
    this.remedy = remedy;
  }
}
