/** Something that the person at the terminal can mend. */
export class LabError extends Error {
  override readonly name = 'LabError';
  readonly remedy: string;
  constructor(message: string, remedy: string, options?: ErrorOptions) {
    super(message, options);
    this.remedy = remedy;
  }
}
