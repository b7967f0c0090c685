import { acceleratorLabel } from '@kaito/api';
import type { Node } from 'kubernetes-types/core/v1.js';
import type { Caches, Live } from '../../cache/caches.ts';
import type { Client } from '@kaito/kube';
import { fieldManager } from '../../options.ts';

/** The value by which device plugins and people find NVIDIA's GPUs. */
export const nvidia = 'nvidia';

/** A node with another accelerator is left alone. */
export function lacksAcceleratorLabel(node: Live<Node>): boolean {
  return node.metadata.labels?.[acceleratorLabel] === undefined;
}

/** Puts `accelerator=nvidia` on a node, and touches nothing else of it. @throws ApiError, ConnectionError */
export async function labelAccelerator(
  node: Live<Node>,
  { client, caches }: { readonly client: Client; readonly caches: Pick<Caches, 'nodes'> },
): Promise<void> {
  const body = { metadata: { labels: { [acceleratorLabel]: nvidia } } };
  const ref = { name: node.metadata.name ?? '' };
  caches.nodes.remember(await client.patch(caches.nodes.resource, ref, { type: 'merge', body }, { fieldManager }));
}
