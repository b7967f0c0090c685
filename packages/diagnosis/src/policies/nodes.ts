import { brief, listed } from '../brevity.ts';
import type { RootCause } from '../assessment.ts';
import type { NodesEvidence, NodeTrouble } from '../evidence.ts';
import { failingNodeClaim, nodesAreReady } from '../nodes.ts';
import { type Policy, type View, lookCloser } from './policy.ts';

/** Seconds that a node gets to offer its GPUs, or to come back, before a person is asked: machines and drivers take minutes to install. */
const patience = 900;

/** Fewer nodes are ready than the Workspace needs. */
export const nodesMissing: Policy = (view) => {
  const nodes = view.evidence.nodes;
  if (nodes === undefined || nodesAreReady(nodes)) return undefined;
  return inTrouble(view, nodes) ?? withoutPlugin(view, nodes) ?? tooFew(view, nodes);
};

const words: Readonly<Record<NodeTrouble['kind'], string>> = {
  NotReady: 'is not ready',
  Cordoned: 'was taken out of use (cordoned)',
  Leaving: 'is being deleted',
};

function inTrouble(view: View, nodes: NodesEvidence): RootCause | undefined {
  // A machine that was just rented is not ready at first.
  const starting = new Set(
    (view.evidence.nodeClaims ?? [])
      .filter(({ conditions }) => !conditions.some(({ type, status }) => type === 'Initialized' && status === 'True'))
      .map(({ nodeName }) => nodeName),
  );
  const trouble = nodes.troubles?.find(({ name }) => !starting.has(name));
  if (trouble === undefined) return undefined;
  const { name, kind, since, message } = trouble;
  const sentence = brief(
    `node ${name} ${words[kind]}${since === undefined ? '' : ` since ${since}`}${message === undefined ? '' : `: ${message}`}`,
  );
  switch (kind) {
    case 'Cordoned':
      return { code: 'NodeCordoned', message: sentence, needs: 'person', remedy: `kubectl uncordon ${name}` };
    case 'Leaving':
      return {
        code: 'NodeLeaving',
        message: sentence,
        needs: 'time',
        remedy: `follow it: kubectl get node ${name} --watch`,
      };
    case 'NotReady':
      return view.passed(since, patience)
        ? {
            code: 'NodeNotReady',
            message: sentence,
            needs: 'person',
            remedy: `see what its kubelet says (kubectl describe node ${name}); restart or replace the machine`,
          }
        : { code: 'NodeNotReady', message: sentence, needs: 'time', remedy: `kubectl describe node ${name}` };
  }
}

function withoutPlugin(view: View, nodes: NodesEvidence): RootCause | undefined {
  const names = nodes.withoutPlugin ?? [];
  if (names.length === 0) return undefined;
  const message = brief(`the GPU device plugin is not ready on ${listed(names)}`);
  const remedy =
    `see whether it runs there: kubectl get pods --all-namespaces -o wide --field-selector spec.nodeName=${names[0]} | grep nvidia, ` +
    'then kubectl describe daemonset nvidia-device-plugin-daemonset in its namespace';
  const began = view.phases.find(({ name }) => name === 'NodesReady')?.startedAt;
  return { code: 'NodePluginsNotReady', message, needs: view.passed(began, patience) ? 'person' : 'time', remedy };
}

function tooFew(view: View, { ready, wanted }: NodesEvidence): RootCause {
  const message = `${ready.length} of ${wanted} nodes are ready`;
  const rented = view.evidence.nodeClaims !== undefined || (view.plan.placement?.machinesWanted ?? 0) > 0;
  if (view.plan.placement === undefined || rented) {
    return {
      code: 'WaitingForNodes',
      message: `${message}${provisionerSays(view)}`,
      needs: 'time',
      remedy: lookCloser(view),
    };
  }
  const labels = Object.entries(view.plan.placement.nodeSelector).map(([key, value]) => `${key}=${value}`);
  return {
    code: 'NodesMissing',
    message: brief(
      labels.length === 0
        ? `${message}, and none is rented because resource.instanceType is empty`
        : `${message} with the labels ${labels.join(', ')}, and none is rented because resource.instanceType is empty`,
    ),
    needs: 'person',
    remedy:
      labels.length === 0
        ? 'add a node to the cluster, or create the Workspace with a resource.instanceType: kaito machines'
        : `label a node that is to be used: kubectl label node <node> ${labels.join(' ')}; kubectl get nodes -L ${Object.keys(view.plan.placement.nodeSelector).join(',')} shows them`,
  };
}

/** Seconds after which the provisioner's own step is shown: a machine that comes at once is worth no word. */
const showStepAfter = 30;

function provisionerSays(view: View): string {
  const trouble = failingNodeClaim(view.evidence.nodeClaims);
  if (trouble === undefined) return '';
  const claim = view.evidence.nodeClaims?.find(({ name }) => name === trouble.name);
  return view.passed(claim?.createdAt, showStepAfter) ? `; ${brief(trouble.message, 200)}` : '';
}

/** A node that the pods run on lacks disk or memory, and a pod was thrown out or cannot start for it. */
export const nodePressure: Policy = (view) => {
  const pressed = view.evidence.nodes?.underPressure?.[0];
  const type = pressed?.pressures.find((candidate) => candidate in pressureWords);
  if (pressed === undefined || type === undefined) return undefined;
  const suffers = (view.evidence.pods ?? []).some(({ ready, node }) => !ready && node === pressed.name);
  if (!suffers) return undefined;
  return {
    code: `Node${type}`,
    message: `node ${pressed.name} is short of ${pressureWords[type]} (${type})`,
    needs: 'person',
    remedy: `see who uses it: kubectl describe node ${pressed.name}; take a machine with more ${pressureWords[type]}: kaito machines`,
  };
};

const pressureWords: Readonly<Record<string, string>> = {
  DiskPressure: 'disk',
  MemoryPressure: 'memory',
  PIDPressure: 'process numbers',
};
