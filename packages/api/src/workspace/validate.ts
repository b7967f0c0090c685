import type { Finding } from '../finding.ts';
import { parsePath, valueAt } from '../path.ts';
import { check, explain } from '../structural/check.ts';
import type { Violation } from '../structural/check.ts';
import type { Workspace } from '../workspace.ts';
import type { Position } from '../yaml/locate.ts';
import { sameValue } from './equal.ts';
import { inferenceFindings } from './inference.ts';
import { metadataFindings } from './metadata.ts';
import { notSupportedFindings } from './not-supported.ts';
import { resourceFindings } from './resource.ts';
import { workspaceStructure } from './schema.ts';
import { unknownField } from './unknown-field.ts';
import { updateFindings } from './update.ts';

export interface ValidationOptions {
  /** The stored Workspace, on an update: immutable fields are held, and a field that did not change is not refused again. */
  readonly old?: Workspace;
  /** Nothing is rented in this cluster; then an update may empty `resource.instanceType`. */
  readonly existingNodesOnly?: boolean;
  /** Gives the position of a field path, for findings with line and column. */
  readonly locate?: (path: string) => Position;
  /** File name put on each finding. */
  readonly file?: string;
}

/**
 * Every problem of a Workspace at once, of whatever type the value is; never throws. Codes: UnknownField, MissingField, InvalidType,
 * InvalidValue, InvalidName, MutuallyExclusive, ReservedLabel, UnknownAnnotation, NotSupported, ImmutableField. What needs the catalog or
 * the hardware (is there such a preset, does it fit) is the planner's to say.
 *
 * On an update, errors in fields that are as stored become warnings, so that an object which was admitted under other rules can still be
 * changed, and deleted.
 */
export function validateWorkspace(object: unknown, options: ValidationOptions = {}): Finding[] {
  const violations = check(workspaceStructure, object);
  let findings = [...violations.map(inWords), ...meaningFindings(object, violations)];
  const { old } = options;
  if (old !== undefined) {
    findings = findings.map((finding) => ratcheted(finding, object, old));
    // An older schema may have let other types through.
    const comparable = ![...violations, ...check(workspaceStructure, old)].some(({ code }) => code === 'InvalidType');
    if (comparable) findings.push(...updateFindings(object as Workspace, old, options.existingNodesOnly));
  }
  return findings.map((finding) => placed(finding, options));
}

function inWords(violation: Violation): Finding {
  return violation.code === 'UnknownField'
    ? unknownField(workspaceStructure, violation.path, violation.siblings)
    : explain(violation);
}

/** The rules beyond the schema, for each section whose types are right. */
function meaningFindings(object: unknown, violations: readonly Violation[]): Finding[] {
  if (typeof object !== 'object' || object === null || Array.isArray(object)) return [];
  const sound = (section: string): boolean =>
    !violations.some(({ code, path }) => path[0] === section && (code === 'InvalidType' || code === 'MissingField'));
  const workspace = object as Workspace;
  const findings: Finding[] = [];
  if (workspace.metadata !== undefined && sound('metadata')) findings.push(...metadataFindings(workspace.metadata));
  if (workspace.resource !== undefined && sound('resource')) findings.push(...resourceFindings(workspace.resource));
  if (workspace.inference !== undefined && sound('inference')) findings.push(...inferenceFindings(workspace.inference));
  if (workspace.inference !== undefined && workspace.tuning !== undefined) {
    findings.push({
      code: 'MutuallyExclusive',
      severity: 'error',
      path: 'tuning',
      message: 'inference and tuning are both set.',
      remedy: 'Keep inference to serve a model, tuning to make an adapter; one Workspace does one of them.',
    });
  }
  const misplaced = violations.some(({ code, path }) => code === 'UnknownField' && path.length === 1);
  if (workspace.inference === undefined && workspace.tuning === undefined && !misplaced) {
    findings.push({
      code: 'MissingField',
      severity: 'error',
      path: 'inference',
      message: 'inference is missing: the Workspace names no model.',
      remedy: 'Add inference.preset.name; `kaito models` lists the names.',
    });
  }
  return [...findings, ...notSupportedFindings(object)];
}

function ratcheted(finding: Finding, object: unknown, old: Workspace): Finding {
  const { path } = finding;
  if (finding.severity !== 'error' || path === undefined || path === '') return finding;
  const steps = parsePath(path);
  return sameValue(valueAt(object, steps), valueAt(old, steps)) ? { ...finding, severity: 'warning' } : finding;
}

function placed(finding: Finding, { locate, file }: ValidationOptions): Finding {
  return {
    ...finding,
    ...(file === undefined ? {} : { file }),
    ...(locate === undefined ? {} : locate(finding.path ?? '')),
  };
}
