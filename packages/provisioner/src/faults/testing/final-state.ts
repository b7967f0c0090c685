import type { AgentPool } from '@kaito/azure';
import { type Client, isNotFound, nodes } from '@kaito/kube';
import { nodeClaims } from '../../cache/resources.ts';

/**
 * What there is of one claim in cluster and cloud, without what differs from one run to the next: its name, UIDs, times. Undefined parts are
 * gone.
 */
export async function finalState(
  client: Client,
  pools: ReadonlyMap<string, AgentPool>,
  name: string,
): Promise<readonly unknown[]> {
  const claim = await client.get(nodeClaims, { name }).catch(absent);
  const node = (await client.list(nodes, { labelSelector: `agentpool=${name}` })).items.map(({ metadata, spec }) => ({
    labels: lasting(metadata.labels),
    annotations: lasting(metadata.annotations),
    finalizers: metadata.finalizers,
    ownerReferences: metadata.ownerReferences,
    deletionTimestamp: metadata.deletionTimestamp,
    taints: spec?.taints,
  }));
  const { labels, annotations, finalizers, deletionTimestamp } = claim?.metadata ?? {};
  const conditions = claim?.status?.conditions?.map(({ type, status, reason, message }) => [
    type,
    status,
    reason,
    message,
  ]);
  const { nodeName, providerID, imageID } = claim?.status ?? {};
  const shown = [
    claim && { labels, annotations, finalizers, deletionTimestamp, conditions, nodeName, providerID, imageID },
    ...node,
    pools.get(name)?.properties,
  ].filter((each) => each !== undefined);
  return JSON.parse(
    JSON.stringify(shown)
      .replaceAll(name, 'NAME')
      .replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, 'UID')
      .replaceAll(/\d{4}-\d\d-\d\dT\d\d[:-]\d\d[:-]\d\dZ/g, 'TIME'),
  ) as unknown[];
}

function absent(error: unknown): undefined {
  if (isNotFound(error)) return undefined;
  throw error;
}

/** Without what Kubernetes' own controllers write, each in its own time. */
function lasting(all: Readonly<Record<string, string>> | undefined): readonly (readonly [string, string])[] {
  return Object.entries(all ?? {}).filter(([key]) => !/^beta\.|^node\.alpha\./.test(key));
}
