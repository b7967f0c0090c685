/** Why a NodeClaim can have no machine as it is written; nothing is asked of Azure. */
export type PlanErrorCode =
  | 'InvalidName'
  | 'InvalidDisk'
  | 'NoInstanceType'
  | 'RequirementNotSupported'
  | 'RequirementsConflict'
  | 'ResourcesTooLarge'
  | 'NodeClassNotFound'
  | 'NodeClassInvalid';

export class PlanError extends Error {
  override readonly name = 'PlanError';
  readonly code: PlanErrorCode;
  readonly remedy: string;
  constructor(code: PlanErrorCode, message: string, remedy: string) {
    super(message);
    this.code = code;
    this.remedy = remedy;
  }
}
