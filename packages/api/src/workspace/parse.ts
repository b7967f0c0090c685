import type { Finding } from '../finding.ts';
import { admitted } from '../finding.ts';
import { formatPath, parsePath } from '../path.ts';
import { nearest } from '../structural/suggestion.ts';
import type { Workspace } from '../workspace.ts';
import { parseDocuments } from '../yaml/documents.ts';
import type { ParsedDocument } from '../yaml/documents.ts';
import type { Position } from '../yaml/locate.ts';
import { validateWorkspace } from './validate.ts';

export interface ParsedWorkspaces {
  /** The Workspaces without errors, as written; `withDefaults` fills in defaults. */
  readonly workspaces: Workspace[];
  /** Everything wrong or notable in the text, each finding with line and column. */
  readonly findings: Finding[];
}

interface Candidate {
  readonly object: unknown;
  readonly locate: (path: string) => Position;
}

/**
 * The Workspaces of a YAML or JSON text: several documents, and Lists as kubectl writes them, are read; objects of other kinds are passed
 * over with an info. Never throws.
 */
export function parseWorkspaces(text: string, options: { file?: string } = {}): ParsedWorkspaces {
  const { documents, findings: syntax } = parseDocuments(text, options);
  const findings = [...syntax];
  const workspaces: Workspace[] = [];
  const names = new Set<string>();
  const where = options.file === undefined ? {} : { file: options.file };
  for (const { object, locate } of documents.flatMap(unpacked)) {
    const kind = otherKind(object);
    if (kind !== undefined) {
      findings.push({ ...kind, ...where, ...locate('kind') });
      continue;
    }
    const problems = validateWorkspace(object, { locate, ...where });
    if (admitted(problems)) {
      const workspace = withoutNullMetadata(object as Workspace);
      const { namespace = '', name } = workspace.metadata;
      if (name !== undefined && names.has(`${namespace}/${name}`)) {
        problems.push({
          code: 'DuplicateName',
          severity: 'error',
          path: 'metadata.name',
          message: `The text has a second Workspace named ${name}.`,
          remedy: 'Rename one of them.',
          ...where,
          ...locate('metadata.name'),
        });
      } else {
        names.add(`${namespace}/${name}`);
        workspaces.push(workspace);
      }
    }
    findings.push(...problems.toSorted(byPosition));
  }
  if (workspaces.length === 0 && admitted(findings)) {
    findings.push({
      code: 'NoWorkspace',
      severity: 'error',
      message: 'The text holds no Workspace.',
      remedy: 'Write one: apiVersion: kaito.sh/v1beta1, kind: Workspace.',
      ...where,
      line: 1,
      column: 1,
    });
  }
  return { workspaces, findings };
}

function byPosition(left: Finding, right: Finding): number {
  return (left.line ?? 0) - (right.line ?? 0) || (left.column ?? 0) - (right.column ?? 0);
}

function unpacked({ object, kind, locate }: ParsedDocument): Candidate[] {
  const items = (object as { items?: unknown }).items;
  if ((kind !== 'List' && kind !== 'WorkspaceList') || !Array.isArray(items)) return [{ object, locate }];
  return items.map((item: unknown, index) => ({
    object: item,
    locate: (path) => locate(formatPath(['items', index, ...parsePath(path)])),
  }));
}

/** A Finding when the object is plainly of another kind: an info, or an error when Workspace was probably meant. */
function otherKind(object: unknown): Finding | undefined {
  const { kind, apiVersion } = (object ?? {}) as { kind?: unknown; apiVersion?: unknown };
  if (typeof kind !== 'string' || kind === 'Workspace') return undefined;
  const shown = kind.slice(0, 80);
  if (nearest(kind, ['Workspace']) !== undefined) {
    return {
      code: 'InvalidValue',
      severity: 'error',
      path: 'kind',
      message: `The kind is ${JSON.stringify(shown)}.`,
      remedy: 'Did you mean Workspace?',
    };
  }
  const kaito = typeof apiVersion === 'string' && apiVersion.startsWith('kaito.sh/');
  return {
    code: 'OtherKind',
    severity: kaito ? 'warning' : 'info',
    path: 'kind',
    message: `An object of kind ${shown} is passed over; only Workspaces are read.`,
  };
}

/** `metadata` without entries that are null, such as the `creationTimestamp: null` of Go's encoder. */
function withoutNullMetadata(workspace: Workspace): Workspace {
  const entries = Object.entries(workspace.metadata);
  if (!entries.some(([, value]) => value === null)) return workspace;
  return { ...workspace, metadata: Object.fromEntries(entries.filter(([, value]) => value !== null)) };
}
