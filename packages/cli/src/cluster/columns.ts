import type { CustomResourceDefinition, PrinterColumn, Workspace } from '@kaito/api';
import type { Live } from '@kaito/kube';
import { age } from '../terminal/quantity.ts';
import type { Style } from '../terminal/style.ts';
import type { Column } from '../terminal/table.ts';
import { coloured } from '../workspace/columns.ts';
import { workspaces } from './resources.ts';

export interface ColumnOptions {
  /** ms. */
  readonly now: number;
  readonly wide: boolean;
  readonly namespaces: boolean;
  readonly style: Style;
}

/** The columns that kubectl shows of a Workspace: those of its CustomResourceDefinition. */
export function columnsOf(
  crds: readonly CustomResourceDefinition[],
  { now, wide, namespaces, style }: ColumnOptions,
): Column<Live<Workspace>>[] {
  const crd = crds.find(({ spec }) => spec.names.plural === workspaces.plural);
  const declared = crd?.spec.versions.find(({ name }) => name === workspaces.version)?.additionalPrinterColumns ?? [];
  return [
    ...(namespaces
      ? [{ header: 'NAMESPACE', value: ({ metadata }: Live<Workspace>) => metadata.namespace ?? '' }]
      : []),
    { header: 'NAME', value: ({ metadata }) => metadata.name ?? '' },
    ...declared
      .filter(({ priority }) => priority == null || wide)
      .map((column) => ({
        header: column.name.toUpperCase(),
        value: (workspace: Live<Workspace>) => cell(workspace, column, { now, style }),
      })),
  ];
}

function cell(
  workspace: object,
  { type, jsonPath, name }: PrinterColumn,
  { now, style }: Pick<ColumnOptions, 'now' | 'style'>,
): string {
  const value = at(workspace, jsonPath);
  if (type === 'date') return age(typeof value === 'string' ? value : undefined, now);
  const text = value == null ? '' : String(value as string | number);
  return name === 'State' ? coloured(text, style) : text;
}

/** The value at a path of the two forms that printer columns have: `.a.b`, and a list's entry by its type, `.c[?(@.type=="T")].d`. */
export function at(object: unknown, path: string): unknown {
  let value = object;
  for (const [, field, type] of path.matchAll(/\.([\w-]+)|\[\?\(@\.type=="([^"]+)"\)\]/g)) {
    if (typeof value !== 'object' || value === null) return undefined;
    value =
      field == null
        ? (value as readonly { readonly type?: string }[]).find((entry) => entry.type === type)
        : (value as Record<string, unknown>)[field];
  }
  return value;
}
