import type { RootCause } from '../../assessment.ts';
import { brief, withoutStop } from '../../brevity.ts';
import type { PodEvidence } from '../../evidence.ts';
import type { Policy, View } from '../policy.ts';
import { describePod, scope } from './kubectl.ts';
import { decisive, forPods } from './pods.ts';

interface Obstacle {
  readonly pattern: RegExp;
  readonly say: (match: RegExpExecArray) => string;
  readonly remedy: (view: View, match: RegExpExecArray, pod: PodEvidence) => string;
}

const gpu = 'nvidia.com/gpu';

/**
 * What the scheduler says of the nodes, the last of its filters first: a node that fails there passed all others, so it came nearest.
 * Order of the filters: kubernetes/kubernetes pkg/scheduler/apis/config/v1/default_plugins.go.
 */
const obstacles: readonly Obstacle[] = [
  {
    pattern: /persistentvolumeclaim "([^"]+)" not found|unbound (?:immediate )?PersistentVolumeClaims/,
    say: ([, name]) =>
      name === undefined ? 'a PersistentVolumeClaim is not bound' : `PersistentVolumeClaim ${name} is missing`,
    remedy: (view) => `look at the claims: kubectl get pvc${scope(view)}`,
  },
  {
    pattern: /didn't (?:match|satisfy) (?:existing )?pod(?:s)? anti-affinity(?: rules)?/,
    say: () => 'each server wants a node of its own, and no further node is free',
    remedy: (view) => `add a node, or free one: kubectl get pods${scope(view)} -o wide`,
  },
  {
    pattern: /didn't match pod (?:affinity|topology spread)[^,.]*/,
    say: ([what]) => `no node fits: ${what}`,
    remedy: (view, _, pod) => describePod(view, pod),
  },
  {
    pattern: /volume node affinity conflict|exceed max volume count/,
    say: ([what]) => `no node can take the pod's volumes: ${what}`,
    remedy: (view) => `look at the volumes: kubectl get pvc,pv${scope(view)}`,
  },
  {
    pattern: /Insufficient ([a-z0-9.-]+(?:\/[a-z0-9.-]+)?)/,
    say: ([, resource]) => `no node that fits has enough ${resource} free`,
    remedy: (_, [, resource]) =>
      resource === gpu
        ? 'free a GPU (kubectl get pods --all-namespaces -o wide shows who runs where), or take a machine with more: kaito machines'
        : `take a larger machine (kaito machines), or free some: kubectl describe nodes shows what is requested`,
  },
  {
    pattern: /Too many pods/,
    say: () => 'the nodes that fit run as many pods as they may',
    remedy: () => 'add a node, or remove pods: kubectl get pods --all-namespaces -o wide',
  },
  {
    pattern: /didn't have free ports/,
    say: () => 'the port that the pod wants on the node is taken',
    remedy: (view, _, pod) => describePod(view, pod),
  },
  {
    pattern: /didn't match Pod's node affinity\/selector/,
    say: () => 'no node carries the labels that the Workspace asks for',
    remedy: (view) => {
      const labels = Object.entries(view.plan.placement?.nodeSelector ?? {}).map(([key, value]) => `${key}=${value}`);
      return labels.length === 0
        ? 'see what the nodes carry: kubectl get nodes --show-labels'
        : `label a node: kubectl label node <node> ${labels.join(' ')}`;
    },
  },
  {
    pattern: /untolerated taint(?:\(s\))? \{([^}: ]+)(?:: ?([^}]*))?\}/,
    say: ([, key, value]) =>
      `the nodes carry the taint ${key}${value ? `=${value}` : ''}, which the pod does not tolerate`,
    remedy: (_, [, key]) => `take it off, or use other nodes: kubectl taint nodes <node> ${key}-`,
  },
  {
    pattern: /node\(s\) were unschedulable/,
    say: () => 'the nodes were taken out of use (cordoned)',
    remedy: () => 'kubectl uncordon <node>; kubectl get nodes shows them',
  },
  {
    pattern: /no nodes available to schedule pods/,
    say: () => 'the cluster has no node',
    remedy: () => 'add a node to the cluster: kubectl get nodes',
  },
];

/** Seconds in which the scheduler finds a node for a pod when others leave or nodes join. */
const schedulingSeconds = 30;

/** The scheduler finds no node. */
export const unschedulable: Policy = forPods((view, pod): RootCause | undefined => {
  const words = pod.unschedulable;
  if (words === undefined || pod.node !== undefined) return undefined;
  const [own] = words.split(/\.? preemption: /);
  for (const obstacle of obstacles) {
    const match = obstacle.pattern.exec(own ?? words);
    if (match === null) continue;
    const message = brief(`pod ${pod.name} finds no node: ${obstacle.say(match)}`);
    const remedy = obstacle.remedy(view, match, pod);
    const needs = view.passed(pod.createdAt, schedulingSeconds) ? 'person' : 'time';
    return { code: 'Unschedulable', message, needs, remedy };
  }
  const message = brief(`pod ${pod.name} finds no node: ${withoutStop(own ?? words)}`);
  return { code: 'Unschedulable', message, needs: 'person', remedy: describePod(view, pod) };
});

/** A pod was thrown out or refused by its node, and none that took its place has found a node. */
export const podFailed: Policy = (view) => {
  const pods = decisive(view);
  const alive = pods.filter(({ phase }) => phase !== 'Failed');
  const wanted = view.evidence.workload?.wantedReplicas ?? 1;
  if (alive.filter(({ node }) => node !== undefined).length >= wanted) return undefined;
  const failed = pods
    .filter(({ phase }) => phase === 'Failed')
    .toSorted((a, b) => (a.createdAt < b.createdAt ? 1 : -1))[0];
  return failed && explain(view, failed);
};

function explain(view: View, pod: PodEvidence): RootCause {
  const { reason = '', message = '' } = pod;
  const on = pod.node === undefined ? '' : ` of node ${pod.node}`;
  const node = pod.node ?? '<node>';
  if (reason === 'Evicted') {
    const disk = /ephemeral-storage|disk|inodes|nodefs|imagefs/i.test(message);
    const short = disk ? 'disk' : /memory/i.test(message) ? 'memory' : undefined;
    return {
      code: disk ? 'NodeDiskPressure' : short === 'memory' ? 'NodeMemoryPressure' : 'PodEvicted',
      message: brief(
        `pod ${pod.name} was evicted${short === undefined ? `: ${withoutStop(message)}` : ` because the ${short}${on} ran short`}`,
      ),
      needs: 'person',
      remedy: `see who uses it: kubectl describe node ${node}; take a machine with more${short === undefined ? '' : ` ${short}`}: kaito machines`,
    };
  }
  if (/^(?:NodeLost|NodeShutdown|Terminated|Shutdown)$/.test(reason)) {
    return {
      code: 'NodeLost',
      message: brief(`pod ${pod.name} ended because its node${pod.node === undefined ? '' : ` ${pod.node}`} went away`),
      needs: 'time',
      remedy: 'see which nodes are there: kubectl get nodes',
    };
  }
  if (reason === 'UnexpectedAdmissionError' || reason.startsWith('OutOf')) {
    return {
      code: 'NodeRefusedPod',
      message: brief(`the kubelet${on} refused pod ${pod.name}: ${withoutStop(message)}`),
      needs: 'person',
      remedy: `see whether its devices are healthy: kubectl describe node ${node}`,
    };
  }
  return {
    code: 'PodFailed',
    message: brief(
      `pod ${pod.name} failed${reason === '' ? '' : ` (${reason})`}${message === '' ? '' : `: ${withoutStop(message)}`}`,
    ),
    needs: 'person',
    remedy: describePod(view, pod),
  };
}

/** Seconds past its grace period after which a pod's end counts as hanging. */
const hangingSeconds = 60;

/** A pod should be gone, stays, and keeps its successor from coming. */
export const podHangs: Policy = (view) => {
  const { pods = [], workload } = view.evidence;
  if (decisive(view).length >= (workload?.wantedReplicas ?? 1)) return undefined;
  const hanging = pods.find(({ deleting, deleteBy }) => deleting && view.passed(deleteBy, hangingSeconds));
  if (hanging === undefined) return undefined;
  const lost = view.evidence.nodes?.troubles?.some(({ name, kind }) => name === hanging.node && kind !== 'Cordoned');
  return {
    code: 'PodTerminating',
    message: brief(
      `pod ${hanging.name} does not end${hanging.node === undefined ? '' : ` on node ${hanging.node}${lost === true ? ', which is lost' : ''}`}`,
    ),
    needs: 'person',
    remedy: `if its machine is gone for good: kubectl delete pod ${hanging.name}${scope(view)} --force`,
  };
};

/** A pod stays on a node whose kubelet is silent. */
export const nodeLost: Policy = (view) => {
  const lost = view.evidence.nodes?.troubles?.filter(({ kind }) => kind === 'NotReady') ?? [];
  const pod = decisive(view).find(({ ready, node }) => !ready && lost.some(({ name }) => name === node));
  const node = lost.find(({ name }) => name === pod?.node);
  if (pod === undefined || node === undefined) return undefined;
  return {
    code: 'NodeLost',
    message: brief(
      `node ${node.name}, which pod ${pod.name} runs on, is not ready${node.since === undefined ? '' : ` since ${node.since}`}`,
    ),
    needs: view.passed(node.since, 600) ? 'person' : 'time',
    remedy: `see what its kubelet says (kubectl describe node ${node.name}); restart or replace the machine`,
  };
};
