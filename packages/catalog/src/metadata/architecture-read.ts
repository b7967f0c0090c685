import type { Finding } from '@kaito/api';
import type { ModelArchitecture } from '../model.ts';

/** What a metadata reader found: an architecture, perhaps with warnings, or the errors for which there is none. */
export type ArchitectureRead =
  | { readonly ok: true; readonly architecture: ModelArchitecture; readonly findings: readonly Finding[] }
  | { readonly ok: false; readonly findings: readonly Finding[] };

/** `ArchitectureIncomplete`: the document lacks these fields. */
export function missing(document: string, fields: readonly string[]): ArchitectureRead {
  return refused(
    'ArchitectureIncomplete',
    `The ${document} does not state ${fields.join(', ')}.`,
    'Describe the model in a catalog file instead.',
  );
}

export function refused(code: string, message: string, remedy: string): ArchitectureRead {
  return { ok: false, findings: [{ code, severity: 'error', message, remedy }] };
}
