export interface Call {
  readonly signal?: AbortSignal;
}
