import { disruptedTaint, excludeFromBalancersLabel, type Taint } from '@kaito/api';
import { ApiError, isForbidden, isNotFound, type Live, nodes, pods } from '@kaito/kube';
import type { Node, Pod } from 'kubernetes-types/core/v1.js';
import { volumeAttachments } from '../../../cache/resources.ts';
import type { Dependencies } from '../../../dependencies.ts';
import { fieldManager } from '../../../options.ts';
import { podsLeft } from './evictable.ts';

/** The node is empty, or what it is waited for. */
export type Drained = 'drained' | { readonly waitsFor: string; readonly requeueAfterMs: number };

export interface Drainer {
  /**
   * Moves the pods of a node away, one look at a time: no more come, and those there are evicted as their disruption budgets allow. After
   * `deadline` nothing is waited for: the machine goes, with what is left on it.
   *
   * @throws ApiError, ConnectionError
   */
  drain(node: Live<Node>, deadline: Date | undefined): Promise<Drained>;
}

/** How often pods are looked at, ms. Karpenter looks each second; each look is a list. */
const lookAgainMs = 3_000;
/** How long volumes of an empty node are waited for, ms: those of pods that stay are never detached. Our choice. */
const volumesMs = 120_000;

/** The controller of nodes says `Unknown` of one whose kubelet it has not heard for long. */
function kubeletOf({ status }: Live<Node>): 'answers' | 'silent' {
  const isUnknown = status?.conditions?.some((each) => each.type === 'Ready' && each.status === 'Unknown') === true;
  return isUnknown ? 'silent' : 'answers';
}

export function createDrainer(
  deps: Pick<Dependencies, 'client' | 'caches' | 'clock' | 'recorder' | 'metrics' | 'logger'>,
): Drainer {
  const { client, caches, clock, recorder, metrics, logger } = deps;
  const emptySince = new Map<string, number>();

  return {
    async drain(node, deadline) {
      const uid = node.metadata.uid ?? '';
      const cordoned = await cordon(node);
      if (deadline !== undefined && deadline.getTime() <= clock.now().getTime()) return done(uid);
      const fieldSelector = `spec.nodeName=${node.metadata.name}`;
      const left = podsLeft((await client.list(pods, { fieldSelector })).items, clock.now(), kubeletOf(node));
      if (left.waiting.length > 0) {
        const refusals: string[] = [];
        for (const pod of left.evict) refusals.push(...(await evict(pod)));
        const held = left.held.map(({ metadata }) => `${metadata.namespace}/${metadata.name} is not to be disrupted`);
        const why = [...refusals, ...held];
        const waitsFor = `Failed to drain node, ${left.waiting.length} pods are waiting to be evicted${why.length > 0 ? `: ${why.slice(0, 3).join('; ')}` : ''}`;
        if (why.length > 0) recorder.record(cordoned, { type: 'Warning', reason: 'FailedDraining', message: waitsFor });
        return { waitsFor, requeueAfterMs: lookAgainMs };
      }
      return await volumesAreGone(cordoned);
    },
  };

  function done(uid: string): Drained {
    if (emptySince.delete(uid)) metrics.nodeDrained();
    return 'drained';
  }

  async function cordon(node: Live<Node>): Promise<Live<Node>> {
    const { name = '', labels, resourceVersion } = node.metadata;
    const taints = (node.spec?.taints ?? []) as readonly Taint[];
    const isTainted = taints.some(({ key, effect }) => key === disruptedTaint.key && effect === disruptedTaint.effect);
    if (isTainted && labels?.[excludeFromBalancersLabel] !== undefined) return node;
    const body = {
      metadata: { resourceVersion, labels: { [excludeFromBalancersLabel]: 'karpenter' } },
      spec: { taints: isTainted ? taints : [...taints, disruptedTaint] },
    };
    try {
      const written = await client.patch(nodes, { name }, { type: 'merge', body }, { fieldManager });
      caches.nodes.remember(written);
      return written;
    } catch (error) {
      if (isNotFound(error)) return node;
      throw error;
    }
  }

  /** @returns why it was refused, if it was */
  async function evict(pod: Live<Pod>): Promise<readonly string[]> {
    const { namespace = '', name = '', uid } = pod.metadata;
    const eviction = {
      apiVersion: 'policy/v1',
      kind: 'Eviction',
      metadata: { namespace, name },
      deleteOptions: { preconditions: { uid } },
    };
    try {
      await client.create(pods, eviction as unknown as Live<Pod>, { subresource: 'eviction' });
      metrics.evicted(201);
      metrics.podDrained();
      recorder.record(pod, { type: 'Normal', reason: 'Evicted', message: 'its node is taken away' });
      return [];
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      metrics.evicted(error.status.code);
      const { code, message } = error.status;
      // Gone, or another of its name.
      if (code === 404 || code === 409) return [];
      // A budget refuses with 429; several budgets of one pod with 500.
      if (code !== 429 && code !== 500) throw error;
      return [`${namespace}/${name}: ${message.replace(/\.$/, '')}`];
    }
  }

  async function volumesAreGone(node: Live<Node>): Promise<Drained> {
    const { name = '', uid = '' } = node.metadata;
    const now = clock.monotonic();
    const since = emptySince.get(uid) ?? now;
    emptySince.set(uid, since);
    const attached = await attachedTo(name);
    if (attached === 0 || now - since >= volumesMs) return done(uid);
    const waitsFor = `${attached} volumes are still attached`;
    recorder.record(node, { type: 'Normal', reason: 'AwaitingVolumeDetachment', message: waitsFor });
    return { waitsFor, requeueAfterMs: lookAgainMs };
  }

  async function attachedTo(nodeName: string): Promise<number> {
    try {
      const { items } = await client.list(volumeAttachments);
      return items.filter(({ spec }) => spec.nodeName === nodeName).length;
    } catch (error) {
      if (!isForbidden(error)) throw error;
      logger.log('debug', 'volume attachments may not be listed, so they are not waited for', { error });
      return 0;
    }
  }
}
