import { findCondition } from '@kaito/api';
import type { LocalWorkspace } from '@kaito/local';
import { age } from '../terminal/quantity.ts';
import type { Style } from '../terminal/style.ts';
import type { Column } from '../terminal/table.ts';

/** Columns of `kaito get`. `now` in ms; NAMESPACE comes when one is not `default`. */
export function workspaceColumns(
  all: readonly LocalWorkspace[],
  { now, wide, style }: { readonly now: number; readonly wide: boolean; readonly style: Style },
): Column<LocalWorkspace>[] {
  const columns: Column<LocalWorkspace>[] = [
    { header: 'NAME', value: ({ name }) => name },
    { header: 'MODEL', value: ({ plan }) => plan.model?.name ?? '' },
    { header: 'STATE', value: ({ assessment }) => coloured(assessment.state, style) },
    { header: 'RESOURCEREADY', value: condition('ResourceReady') },
    { header: 'INFERENCEREADY', value: condition('InferenceReady') },
    { header: 'WORKSPACEREADY', value: condition('WorkspaceReady', 'WorkspaceSucceeded') },
    { header: 'ENDPOINT', value: ({ assessment }) => assessment.endpoint ?? '<none>' },
    { header: 'AGE', value: ({ workspace }) => age(workspace.metadata.creationTimestamp, now) },
  ];
  const namespaced = all.some(({ namespace }) => namespace !== 'default');
  if (namespaced || wide) columns.unshift({ header: 'NAMESPACE', value: ({ namespace }) => namespace });
  if (wide) {
    columns.push(
      { header: 'WEIGHTS', value: ({ plan }) => plan.model?.file?.quantisation ?? plan.model?.weightType ?? '' },
      { header: 'CONTEXT', value: ({ plan }) => String(plan.shape?.contextLength ?? '') },
      { header: 'PARALLEL', value: ({ plan }) => String(plan.shape?.parallel ?? '') },
      { header: 'PID', value: ({ processes }) => String(processes.server?.pid ?? '<none>') },
      { header: 'CAUSE', value: ({ assessment }) => assessment.rootCause?.code ?? '<none>' },
    );
  }
  return columns;
}

const condition =
  (...types: string[]) =>
  ({ assessment }: LocalWorkspace) =>
    types.map((type) => findCondition(assessment.conditions, type)?.status).find((status) => status != null) ?? '';

/** A state in its colour. */
export function coloured(state: string, style: Style): string {
  if (state === 'Ready' || state === 'Running' || state === 'Succeeded') return style.green(state);
  return state === 'Pending' ? style.yellow(state) : style.red(state);
}
