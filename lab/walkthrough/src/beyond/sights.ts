import { type Sight, matching } from '../story/step.ts';
import { podRuns, rowsOfKind } from '../story/tables.ts';

/** Nodes that `az aks create` makes. */
const ownNodes = 3;

/** In the table of `az aks nodepool list`. */
export const ownPoolAlone: Sight = {
  what: 'nodepool1 and no other agent pool',
  seen: (text) => {
    const pools = text.split('\n').filter((line) => /^\w+ +Linux /.test(line));
    return pools.length === 1 && pools[0]!.startsWith('nodepool1 ');
  },
};

export const nothingLeft: Sight = {
  what: `${ownNodes} nodes, all Ready, and no Workspace, NodeClaim or pod`,
  seen: (text) =>
    nodesReady(ownNodes, text) &&
    ['workspace.kaito.sh', 'nodeclaim.karpenter.sh', 'pod'].every((kind) => rowsOfKind(kind, text).length === 0),
};

/**
 * The Workspaces are all there and Ready with their pods, and so are all nodes, `machines` of them the models'. Pods that are still listed after
 * their machine has died do not count.
 */
export function allReady(workspaces: number, machines: number): Sight {
  return {
    what: `${workspaces} Workspaces ready, their pods Running, and ${ownNodes + machines} nodes, all Ready`,
    seen: (text) => {
      const pods = rowsOfKind('pod', text).filter((row) => row['STATUS'] !== 'Terminating');
      return (
        rowsOfKind('workspace.kaito.sh', text).length === workspaces &&
        workspacesReady(text) &&
        nodesReady(ownNodes + machines, text) &&
        pods.length >= machines &&
        pods.every(podRuns)
      );
    },
  };
}

export const machineDead: Sight = {
  what: 'a node NotReady, and a Workspace that is not ready',
  seen: (text) =>
    rowsOfKind('node', text).some((row) => row['STATUS']?.startsWith('NotReady')) &&
    rowsOfKind('workspace.kaito.sh', text).some((row) => row['RESOURCEREADY'] !== 'True'),
};

export const takenOver: Sight = {
  what: 'every Workspace ready while a node is NotReady',
  seen: (text) =>
    workspacesReady(text) && rowsOfKind('node', text).some((row) => row['STATUS']?.startsWith('NotReady')),
};

/** Of several ranks. */
export const firstRankWaits: Sight = {
  what: 'two pods, the first one Running and not ready',
  seen: (text) => {
    const pods = rowsOfKind('pod', text).filter((row) => row['NAME']?.startsWith('pod/workspace-llama-'));
    const first = pods.find((row) => row['NAME'] === 'pod/workspace-llama-0');
    return pods.length === 2 && first?.['STATUS'] === 'Running' && !podRuns(first);
  },
};

/** In a table of the columns NAME and NODE. */
export const twoMachines: Sight = {
  what: 'two pods on two nodes',
  seen: (text) => {
    const nodes = [...text.matchAll(/^workspace-llama-\d +(\S+)$/gm)].map((match) => match[1]);
    return nodes.length === 2 && new Set(nodes).size === 2;
  },
};

export const ranksMet: Sight = matching(
  'that it waited for rank 1, and serves since that has come',
  /Waiting for rank 1\.[^]*Rank 1 has joined\.[^]*All ranks are here\./,
);

/** What a loop over `curl -w '%{http_code} after …'` printed until Ctrl-C. */
export const allAnswered: Sight = {
  what: 'several answers, and status 200 of each',
  seen: (text) => {
    const lines = text.split('\n').filter((line) => line !== '^C' && line.trim() !== '');
    return lines.length > 2 && lines.every((line) => /^200 after [\d.]+ s$/.test(line));
  },
};

export const bothAnswered: Sight = matching(
  'an answer of each model: JSON with a "Result"',
  /"Result"\s*:\s*"[^"]+[^]*"Result"\s*:\s*"[^"]+/,
);

export const streamed: Sight = {
  what: 'an answer in several pieces (lines that begin with data:), up to [DONE]',
  seen: (text) => {
    const pieces = text.split('\n').filter((line) => line.startsWith('data: '));
    return pieces.filter((piece) => piece.includes('"content"')).length > 1 && pieces.at(-1) === 'data: [DONE]';
  },
};

function workspacesReady(text: string): boolean {
  const workspaces = rowsOfKind('workspace.kaito.sh', text);
  return workspaces.length > 0 && workspaces.every((row) => row['WORKSPACESUCCEEDED'] === 'True');
}

function nodesReady(count: number, text: string): boolean {
  const nodes = rowsOfKind('node', text);
  return nodes.length === count && nodes.every((row) => row['STATUS'] === 'Ready');
}
