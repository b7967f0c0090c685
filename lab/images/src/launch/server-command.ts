import type { Settings } from './settings.ts';

/** What a launch line asks of the server. */
export interface ServerUse {
  readonly api: 'text-generation' | 'llama-completion' | 'llama-chat';
  /** Tokens per request; absent: the server's own choice. */
  readonly contextLength?: number;
  /** Requests generated at once. */
  readonly parallel: number;
}

/** Port of the presets' API in KAITO. */
export const apiPort = 5000;

/**
 * The command line of the inference server with the small model, for the Node at `node`. One thread and no search for a GPU: a node of the lab
 * has neither cores nor GPUs to spare, and the model is small.
 */
export function serverCommand(node: string, settings: Settings, use: ServerUse): readonly [string, ...string[]] {
  const flags = {
    model: settings.model,
    api: use.api,
    host: settings.host,
    port: apiPort,
    parallel: use.parallel,
    ...(use.contextLength !== undefined && { 'context-length': use.contextLength }),
    threads: 1,
    'gpu-layers': 0,
  };
  const words = Object.entries(flags).flatMap(([name, value]) => [`--${name}`, String(value)]);
  return [node, '--max-semi-space-size=1', settings.server, ...words];
}
