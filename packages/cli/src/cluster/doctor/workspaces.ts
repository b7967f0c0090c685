import { isTrue, type Workspace } from '@kaito/api';
import { isForbidden, type Live } from '@kaito/kube';
import type { Check } from '../../doctor/check.ts';
import type { Cluster } from '../connect.ts';
import { refOf, titleOfLive } from '../lookup.ts';
import { workspaces } from '../resources.ts';
import { asCheck } from './finding.ts';

/** Workspaces that are told one by one; more are counted. */
const mostTold = 10;

/** The Workspaces that are not Ready, each with its root cause: all of the cluster's, or of the namespace where no more may be seen. */
export async function workspaceChecks({ client, namespace, command }: Cluster): Promise<Check[]> {
  let items: readonly Live<Workspace>[];
  try {
    ({ items } = await client.list(workspaces).catch((error: unknown) => {
      if (!isForbidden(error)) throw error;
      return client.list(workspaces, { namespace });
    }));
  } catch (error) {
    return [asCheck(error, 'workspaces')];
  }
  const waiting = items.filter(({ status }) => !isTrue(status?.conditions, 'WorkspaceReady'));
  const ready = items.length - waiting.length;
  const count = `${ready} of ${items.length} ${items.length === 1 ? 'is' : 'are'} Ready`;
  const told = waiting.slice(0, mostTold).map((workspace): Check => {
    const { rootCause } = workspace.status ?? {};
    const message = rootCause?.message ?? 'no operator has looked at it';
    return {
      name: titleOfLive(workspace),
      state: rootCause?.needs === 'time' ? 'ok' : 'warning',
      found: rootCause?.needs === 'time' ? `on its way: ${message}` : message,
      remedy: rootCause?.remedy ?? `Look at it: ${command('describe', refOf(workspace))}`,
    };
  });
  const more = waiting.length - told.length;
  return [
    { name: 'workspaces', state: 'ok', found: items.length === 0 ? 'none yet' : count },
    ...told,
    ...(more > 0
      ? [
          {
            name: 'workspaces',
            state: 'warning',
            found: `${more} more are not Ready`,
            remedy: command('get -A'),
          } as const,
        ]
      : []),
  ];
}
