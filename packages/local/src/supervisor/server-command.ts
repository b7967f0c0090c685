import { fileURLToPath } from 'node:url';
import type { Plan } from '@kaito/planner';
import type { RunSettings } from '../state/record.ts';

/**
 * The project's own inference server, run by the same Node as this; found beside the package's entry, never imported. A small young
 * generation of the heap saves about 29 MB and costs no tokens per second.
 */
export function ownServer(): string[] {
  return [
    process.execPath,
    '--max-semi-space-size=1',
    fileURLToPath(new URL('main.ts', import.meta.resolve('@kaito/server'))),
  ];
}

/** An adapter whose file has been fetched. */
export interface FetchedAdapter {
  readonly path: string;
  readonly name: string;
  /** 0 to 1. */
  readonly strength: number;
}

/**
 * The server's command line: the program, the Plan's flags, then what only this machine knows: the model's file, its adapters, host and
 * port. `modelPath` is absent for an engine that needs none (echo).
 */
export function serverCommand(
  plan: Plan,
  settings: RunSettings,
  place: { readonly modelPath?: string; readonly adapters: readonly FetchedAdapter[]; readonly port: number },
): string[] {
  return [
    ...(settings.serverCommand ?? ownServer()),
    ...(plan.runtime?.argv ?? []),
    ...(place.modelPath === undefined ? [] : ['--model', place.modelPath]),
    ...(plan.model === undefined || plan.runtime?.argv.includes('--model-id') === true
      ? []
      : ['--model-id', plan.model.name]),
    ...place.adapters.flatMap(({ path, strength, name }) => ['--lora', `${path}=${strength}`, '--adapter-name', name]),
    ...(settings.apiKeyFile === undefined ? [] : ['--api-key-file', settings.apiKeyFile]),
    '--host',
    settings.host,
    '--port',
    String(place.port),
  ];
}
