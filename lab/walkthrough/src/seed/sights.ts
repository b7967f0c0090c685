import { type Sight, matching } from '../story/step.ts';
import { type Row, podRuns, rowsOfKind, tableRows } from '../story/tables.ts';

const nameOf = (row: Row): string => (row['NAME'] ?? '').replace(/^[^/]*\//, '');

const provisioners = (text: string): Row[] =>
  tableRows(text).filter((row) => nameOf(row).startsWith('kaito-gpu-provisioner'));

/** A container that ends again and again shows its end, or that it waits. */
export const provisionerCrashes: Sight = {
  what: 'a pod of kaito-gpu-provisioner in CrashLoopBackOff (or Error, between two starts; or started again since)',
  seen: (text) =>
    provisioners(text).some(
      (row) => ['CrashLoopBackOff', 'Error'].includes(row['STATUS'] ?? '') || /^[1-9]/.test(row['RESTARTS'] ?? ''),
    ),
};

export const provisionersRun: Sight = {
  what: 'the pods of kaito-gpu-provisioner and kaito-workspace, all of them Running with every container ready',
  seen(text) {
    const rows = tableRows(text);
    return (
      provisioners(text).length > 0 &&
      rows.some((row) => nameOf(row).startsWith('kaito-workspace')) &&
      rows.every(podRuns)
    );
  },
};

export const anyTable: Sight = { what: 'a table of objects', seen: (text) => tableRows(text).length > 0 };

/** The nodes that `az aks create` makes are pods' hosts from the start; one more is the model's. */
export const modelOnItsWay: Sight = {
  what: "the model's node Ready and its pod not yet Running",
  seen(text) {
    const nodes = rowsOfKind('node', text);
    const pods = rowsOfKind('pod', text);
    return (
      nodes.length > 3 &&
      nodes.every((row) => row['STATUS'] === 'Ready') &&
      pods.some((row) => row['STATUS'] !== 'Running')
    );
  },
};

/** The Workspace's columns differ between its versions: v1alpha1 has WORKSPACEREADY, v1beta1 WORKSPACESUCCEEDED. */
export const modelReady: Sight = {
  what: 'the Workspace ready (RESOURCEREADY, INFERENCEREADY and the last condition True) and its pod Running with every container ready',
  seen(text) {
    const workspaces = rowsOfKind('workspace.kaito.sh', text);
    const pods = rowsOfKind('pod', text);
    return (
      workspaces.length > 0 &&
      workspaces.every((row) =>
        [row['RESOURCEREADY'], row['INFERENCEREADY'], row['WORKSPACEREADY'] ?? row['WORKSPACESUCCEEDED']].every(
          (condition) => condition === 'True',
        ),
      ) &&
      pods.length > 0 &&
      pods.every(podRuns)
    );
  },
};

export const answered: Sight = matching(`the model's answer: JSON with a "Result"`, /"Result"\s*:\s*"[^"]+/);
