/** Something that the person at the terminal can mend. */
export class WalkthroughError extends Error {
  override readonly name = 'WalkthroughError';
  readonly code: string;
  readonly remedy: string;
  constructor(code: string, message: string, remedy: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.remedy = remedy;
  }
}
