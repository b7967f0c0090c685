/** One rule of admission: an object it refuses, and the nearest one it does not. */
export interface Rule {
  readonly rule: string;
  readonly code: string;
  readonly path: string;
  /** Who refuses first on a real API server: the rules of the CRD and of metadata, or the webhook. */
  readonly by: 'schema' | 'webhook';
  readonly refused: Record<string, unknown>;
  readonly accepted: Record<string, unknown>;
  /** The stored object, for rules about updates. */
  readonly old?: Record<string, unknown>;
}
