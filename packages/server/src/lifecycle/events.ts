/** What the server tells its supervisor: one JSON object per line on standard output, and nothing else there. */
export type ServerEvent =
  | { readonly event: 'listening'; readonly url: string; readonly host: string; readonly port: number }
  | { readonly event: 'readiness'; readonly state: 'loading' | 'draining'; readonly modelId: string }
  /** `afterMs`: since the process began. */
  | { readonly event: 'readiness'; readonly state: 'ready'; readonly modelId: string; readonly afterMs: number }
  | { readonly event: 'warning'; readonly code: string; readonly message: string; readonly remedy?: string }
  | { readonly event: 'fault'; readonly code: string; readonly message: string; readonly remedy: string }
  | { readonly event: 'drained'; readonly aborted: number };

export type ReadinessState = 'loading' | 'ready' | 'draining';

export type EventLog = (event: ServerEvent) => void;

/** Exit codes of the executable. */
export const exitCodes = {
  drained: 0,
  badFlags: 2,
  modelUnusable: 3,
  cannotListen: 4,
  internal: 70,
} as const;
