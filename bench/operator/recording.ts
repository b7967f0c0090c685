import { type ApiCall, type ClusterConfig } from '@kaito/kube';
import { startOperator } from '../../packages/workspace/src/testing/operator.ts';
import type { Sightings } from './workspaces.ts';

/** One write of the operator, with `{name}`, `{uid}`, `{claim}` and `{node}` where they stood. */
export interface RecordedWrite {
  /** What must have happened before it: nothing, the node is Ready, the workload serves. */
  readonly after: 'start' | 'node' | 'serving';
  readonly method: string;
  readonly path: string;
  readonly type: string;
  readonly body: string;
}

const reads = new Set(['GET', 'HEAD']);

/** How many are made at once for the recording: alone, a Workspace gets status writes that fall together in a crowd. */
const crowd = 20;

/** Workspaces of this name's beginning are the recording's; the floor leaves them alone. */
const recordedPrefix = 'recorded-';

/**
 * The writes that the operator makes for one Workspace among several until it is Ready, in their order: of the one with the median count. So
 * the floor does the same work whatever the operator becomes.
 */
export async function recordWrites(
  config: ClusterConfig,
  sightings: Sightings,
  create: (names: readonly string[]) => Promise<ReadonlyMap<string, string>>,
): Promise<RecordedWrite[]> {
  const calls: ApiCall[] = [];
  const operator = await startOperator({
    config,
    intercept: async (call, send) => {
      if (!reads.has(call.method)) calls.push(call);
      return await send();
    },
  });
  const uids = await create(Array.from({ length: crowd }, (_, index) => `${recordedPrefix}${10 + index}`));
  await sightings.readyCount(crowd);
  // Its last events are written before it ends.
  await operator.stop();
  const perWorkspace = [...uids].map(([name, uid]) => writesFor(calls, name, uid, sightings.node.get(name)!));
  return perWorkspace.toSorted((a, b) => a.length - b.length)[crowd / 2]!;
}

function writesFor(calls: readonly ApiCall[], name: string, uid: string, node: string): RecordedWrite[] {
  const claim = /^aks-(.*)-\d+-vmss/.exec(node)![1]!;
  const generic = (text: string): string =>
    text.replaceAll(claim, '{claim}').replaceAll(uid, '{uid}').replaceAll(name, '{name}');
  let after: RecordedWrite['after'] = 'start';
  return calls.flatMap((call) => {
    const text = JSON.stringify(withoutVersion(call.body)) ?? '';
    if (![call.path, text].some((each) => each.includes(name) || each.includes(claim))) return [];
    const kind = call.resource?.kind;
    if (after === 'start' && (kind === 'Node' || kind === 'Deployment' || kind === 'StatefulSet')) after = 'node';
    const status =
      call.subresource === 'status' ? (call.body as { readonly status?: { readonly state?: string } }) : {};
    if (status.status?.state === 'Ready') after = 'serving';
    return { after, method: call.method, path: generic(call.path), type: contentType(call), body: generic(text) };
  });
}

function contentType({ verb, body }: ApiCall): string {
  if (verb === 'apply') return 'application/apply-patch+yaml';
  if (verb !== 'patch') return 'application/json';
  return Array.isArray(body) ? 'application/json-patch+json' : 'application/merge-patch+json';
}

/** Without the version that a write was bound to: it was another object's. */
function withoutVersion(body: unknown): unknown {
  if (typeof body !== 'object' || body === null || !('metadata' in body)) return body;
  const { resourceVersion: _, ...metadata } = body.metadata as { readonly resourceVersion?: string };
  return { ...body, metadata };
}
