import { ago } from '../objects.ts';
import { type Case, withPod, unscheduled } from './case.ts';

export const placement: readonly Case[] = [
  {
    name: 'no GPU free',
    world: unscheduled(
      '0/3 nodes are available: 1 Insufficient nvidia.com/gpu, 2 node(s) had untolerated taint {CriticalAddonsOnly: true}. preemption: 0/3 nodes are available: 1 No preemption victims found for incoming pod, 2 Preemption is not helpful for scheduling.',
    ),
    code: 'Unschedulable',
    needs: 'person',
    message: /no node that fits has enough nvidia\.com\/gpu free/,
    remedy: 'free a GPU',
    reason: 'Unschedulable',
  },
  {
    name: 'a taint that is not tolerated',
    world: unscheduled(
      '0/2 nodes are available: 2 node(s) had untolerated taint {gpu-team: reserved}. preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling.',
    ),
    code: 'Unschedulable',
    needs: 'person',
    message: /the taint gpu-team=reserved/,
    remedy: 'kubectl taint nodes <node> gpu-team-',
  },
  {
    name: 'labels that no node has',
    world: unscheduled(
      "0/2 nodes are available: 2 node(s) didn't match Pod's node affinity/selector. preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling.",
    ),
    code: 'Unschedulable',
    needs: 'person',
    remedy: 'kubectl label node <node> apps=phi',
  },
  {
    name: 'ranks that want nodes of their own',
    world: unscheduled(
      "0/2 nodes are available: 1 node(s) didn't match pod anti-affinity rules, 1 node(s) didn't match Pod's node affinity/selector. preemption: 0/2 nodes are available: 2 No preemption victims found for incoming pod.",
    ),
    code: 'Unschedulable',
    needs: 'person',
    message: /a node of its own/,
  },
  {
    name: 'a claim that is not bound',
    world: unscheduled('0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims. not found'),
    code: 'Unschedulable',
    needs: 'person',
    remedy: 'kubectl get pvc -n team',
  },
  {
    name: 'words of a scheduler that nobody knows',
    world: unscheduled('0/1 nodes are available: 1 node(s) rejected by plugin Foo.'),
    code: 'Unschedulable',
    needs: 'person',
    message: /plugin Foo/,
  },
  {
    name: 'eviction for want of disk',
    world: withPod({
      phase: 'Failed',
      reason: 'Evicted',
      message: 'The node was low on resource: ephemeral-storage. Threshold quantity: 13Gi, available: 9Gi. ',
    }),
    code: 'NodeDiskPressure',
    needs: 'person',
    message: /the disk of node n1 ran short/,
    reason: 'NodeDiskPressure',
  },
  {
    name: 'eviction for want of memory',
    world: withPod({ phase: 'Failed', reason: 'Evicted', message: 'The node was low on resource: memory.' }),
    code: 'NodeMemoryPressure',
    needs: 'person',
    reason: 'NodeMemoryPressure',
  },
  {
    name: 'a device that is not healthy',
    world: withPod({
      phase: 'Failed',
      reason: 'UnexpectedAdmissionError',
      message:
        'Allocate failed due to no healthy devices present; cannot allocate unhealthy devices nvidia.com/gpu, which is unexpected',
    }),
    code: 'NodeRefusedPod',
    needs: 'person',
    remedy: 'kubectl describe node n1',
  },
  {
    name: 'a pod that does not end',
    world: withPod({}, { metadata: { deletionTimestamp: ago(300) } }),
    code: 'PodTerminating',
    needs: 'person',
    remedy: 'kubectl delete pod demo-7d9c8b6f5-abcde -n team --force',
  },
];
