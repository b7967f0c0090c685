import { isDeepStrictEqual } from 'node:util';
import { validateWorkspace } from '@kaito/api';
import type { Finding, Workspace } from '@kaito/api';
import type { Catalog } from '@kaito/catalog';
import type { AdmissionHandler } from '@kaito/kube';
import { nothingKnown, plan } from '@kaito/planner';
import { isTooDeep, tooDeep } from './depth.ts';
import { exposureFindings } from './exposure.ts';
import { verdictOf } from './verdict.ts';

export interface WorkspaceHandlerOptions {
  readonly catalog: Catalog;
  /** Registry prefix of public preset images. */
  readonly presetRegistry: string;
  /** Nothing is rented in this cluster: an update may then empty `resource.instanceType`. */
  readonly existingNodesOnly?: boolean;
}

/** The parts of a Workspace that a person decides, beside metadata. */
const sections = ['resource', 'inference', 'tuning'] as const;

/**
 * Validates Workspaces of both versions: the rules of `@kaito/api`, and a Plan with nothing known of the cluster or the cloud. Pure, synchronous,
 * and never in the way of an object that exists already: what a change leaves as it was is not refused again, though today's rules or catalog
 * may refuse it, and an object on its way out is always let through.
 */
export function workspaceHandler(options: WorkspaceHandlerOptions): AdmissionHandler {
  return ({ operation, subResource, object, oldObject }) => {
    if (operation !== 'CREATE' && operation !== 'UPDATE') return { allowed: true };
    if ((subResource ?? '') !== '' || object?.metadata?.deletionTimestamp != null) return { allowed: true };
    if (object === null) return verdictOf([noObject]);
    if (isTooDeep(object)) return isTooDeep(oldObject) ? { allowed: true } : verdictOf([tooDeep]);
    return verdictOf(
      operation === 'CREATE' || oldObject === null
        ? created(object, options)
        : updated(object, oldObject as unknown as Workspace, options),
    );
  };
}

const noObject: Finding = {
  code: 'MissingField',
  severity: 'error',
  message: 'The request holds no Workspace.',
  remedy: 'Send the whole object.',
};

function created(object: unknown, options: WorkspaceHandlerOptions): readonly Finding[] {
  const findings = validateWorkspace(object).filter(concernsPeople);
  return hasError(findings) ? findings : [...findings, ...exposureFindings(object), ...planned(object, options)];
}

function updated(object: unknown, old: Workspace, options: WorkspaceHandlerOptions): readonly Finding[] {
  const changed = sections.some((section) => !same(object, old, section));
  const annotated = !isDeepStrictEqual(annotationsOf(object), annotationsOf(old));
  const { existingNodesOnly = false } = options;
  const findings = validateWorkspace(object, { old, existingNodesOnly }).filter(concernsPeople);
  if (!changed) {
    const errors = findings.filter(
      ({ path, severity }) => severity === 'error' && path?.startsWith('metadata') === true,
    );
    if (errors.length > 0 || !annotated) return errors;
    return [
      ...findings.filter(({ path }) => path?.startsWith('metadata.annotations') === true),
      ...exposureFindings(object),
    ];
  }
  if (hasError(findings)) return findings;
  return [...findings, ...exposureFindings(object), ...plannedAnew(object, old, options)];
}

/** The Plan's errors and warnings; an error that the stored object has as well is only a warning. */
function plannedAnew(object: unknown, old: Workspace, options: WorkspaceHandlerOptions): readonly Finding[] {
  const findings = planned(object, options);
  if (!hasError(findings)) return findings;
  const before = planned(old, options);
  return findings.map((finding) =>
    before.some(
      ({ code, path, message }) => code === finding.code && path === finding.path && message === finding.message,
    )
      ? { ...finding, severity: 'warning' }
      : finding,
  );
}

function planned(object: unknown, { catalog, presetRegistry }: WorkspaceHandlerOptions): readonly Finding[] {
  return plan(object as Workspace, catalog, nothingKnown, { target: 'cluster', presetRegistry }).findings;
}

/** `status` is the operator's own, and the API server takes it only from the sub-resource. */
function concernsPeople({ path }: Finding): boolean {
  return path !== 'status' && path?.startsWith('status.') !== true && path?.startsWith('status[') !== true;
}

function hasError(findings: readonly Finding[]): boolean {
  return findings.some(({ severity }) => severity === 'error');
}

function same(object: unknown, old: unknown, section: string): boolean {
  return isDeepStrictEqual((object as Record<string, unknown>)[section], (old as Record<string, unknown>)[section]);
}

function annotationsOf(object: unknown): unknown {
  return (object as Partial<Workspace>).metadata?.annotations ?? {};
}
