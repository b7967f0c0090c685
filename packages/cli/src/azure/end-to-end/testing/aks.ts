import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { isTrue, type Workspace, type WorkspaceRootCause } from '@kaito/api';
import { isNotFound, type Live, namespaces, pods } from '@kaito/kube';
import { eventually, eventuallyGone, eventuallyOne, type TestCluster, testCluster } from '@kaito/kube/testing';
import type { Pod } from 'kubernetes-types/core/v1.js';
import { nodeClaims, workspaces } from '../../../cluster/resources.ts';
import { type EmulatedAzure, emulatedAzure, type Ran } from '../../testing/emulated.ts';
import { asAzure } from './az.ts';

const execute = promisify(execFile);
const system = 'kaito-system';
const containerService = '2026-06-01';
/** Runs the programs that the pods of KAITO's chart stand for. */
const kubelet = fileURLToPath(new URL('../../../../../../lab/kubernetes/src/kaito-pods/main.ts', import.meta.url));

export interface Check {
  readonly name: string;
  readonly state: string;
  readonly found: string;
  readonly remedy?: string;
}

/** An AKS cluster of the emulator, seen as its owner sees it, whose pods of KAITO's chart are real processes. */
export interface Aks extends EmulatedAzure {
  readonly kube: TestCluster;
  /** A namespace for Workspaces. */
  readonly team: string;
  /** A container registry of the owner's, which nodes may not pull from yet. */
  readonly registry: Registry;
  /** Programs of the owner's machine. @returns what they print. @throws Error with what they say */
  shell(command: string): Promise<string>;
  /** Any command of kaito. @returns what it prints. @throws Error with what it says */
  command(...args: readonly string[]): Promise<string>;
  /** Runs the command of a remedy as doctor prints it; one of az by its calls of Resource Manager. */
  mend(remedy: string): Promise<void>;
  /** Waits until both Deployments of the chart are up to date, and the processes that their pods stand for are ready. */
  rolledOut(): Promise<void>;
  /** What doctor finds not well, or does not see. */
  amiss(...flags: readonly string[]): Promise<readonly Check[]>;
  /** Waits until a Workspace of `team` is so. */
  workspace(name: string, predicate: (workspace: Live<Workspace>) => boolean): Promise<Live<Workspace>>;
  /** `kubectl apply` of a Workspace into `team`. */
  apply(
    name: string,
    fields: Pick<Workspace, 'apiVersion' | 'inference'> & { readonly machine: string },
  ): Promise<void>;
  /** Waits until a Workspace of `team` is Ready. */
  ready(name: string): Promise<void>;
  /** Waits until a Workspace of `team` tells a root cause of this code. */
  rootCause(name: string, code: string): Promise<WorkspaceRootCause>;
  /** Deletes a Workspace of `team`, and waits until nothing of it is left. */
  remove(name: string): Promise<void>;
  /** Names of the agent pools beside the system's. */
  pools(): Promise<readonly string[]>;
}

export interface Registry {
  readonly id: string;
  readonly name: string;
  /** `host:port`. */
  readonly loginServer: string;
}

/** @throws Error outside the lab's Azure */
export async function aks(): Promise<Aks> {
  const [kube, azure] = [await testCluster(), await emulatedAzure(process.env['KUBECONFIG'])];
  const { client } = kube;
  const { directory } = azure;
  const team = await kube.namespace();
  const registry = await makeRegistry(azure);
  const shell = async (command: string): Promise<string> =>
    (await execute('sh', ['-ec', command], { cwd: directory })).stdout;
  const node = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', kubelet, directory], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const ended = once(node, 'exit');

  const it: Aks = {
    ...azure,
    kube,
    team,
    registry,
    shell,
    command: async (...args) => outputOf(await azure.run(args)),
    async mend(remedy) {
      const command = remedy.replace(/^[A-Z][a-z ]*: /, '');
      const words = (await shell(`printf '%s\\0' ${command}`)).split('\0').slice(0, -1);
      if (words[0] === 'az') await asAzure(azure, words);
      else if (words[0] === 'kaito') await it.command(...words.slice(1), '--yes');
      else await shell(command);
    },
    async rolledOut() {
      for (const name of ['kaito-workspace', 'kaito-gpu-provisioner']) {
        await shell(`kubectl rollout status deployment/${name} -n ${system} --timeout=100s`);
        const labelSelector = `app.kubernetes.io/name=${name}`;
        await eventually({ client, resource: pods, namespace: system, labelSelector }, (all) => all.every(isProcess));
      }
    },
    async amiss(...flags) {
      const { code, out, err } = await azure.kaito('doctor', [...flags, '-o', 'json']);
      if (err !== '') throw new Error(err);
      const { healthy, checks } = JSON.parse(out) as { readonly healthy: boolean; readonly checks: readonly Check[] };
      if (code !== (healthy ? 0 : 1)) throw new Error(`exit code ${code}: ${out}`);
      return checks.filter(({ state }) => state !== 'ok');
    },
    workspace: (name, predicate) => eventuallyOne(client, workspaces, { namespace: team, name }, predicate),
    async apply(name, { apiVersion, machine, inference }) {
      const resource = { instanceType: machine, labelSelector: { matchLabels: { apps: name } } };
      const manifest = join(directory, `${name}.json`);
      writeFileSync(
        manifest,
        JSON.stringify({ apiVersion, kind: 'Workspace', metadata: { name }, resource, inference }),
      );
      await shell(`kubectl apply -n ${team} -f ${manifest}`);
    },
    async ready(name) {
      await it.workspace(name, ({ status }) => isTrue(status?.conditions, 'WorkspaceReady'));
    },
    async rootCause(name, code) {
      const { status } = await it.workspace(name, ({ status }) => status?.rootCause?.code === code);
      return status!.rootCause!;
    },
    async remove(name) {
      await shell(`kubectl delete workspace ${name} -n ${team}`);
      await eventually({ client, resource: nodeClaims }, (all) => all.length === 0);
    },
    async pools() {
      const { value } = (await azure.arm('GET', `${azure.id}/agentPools`, containerService)) as {
        readonly value: readonly { readonly name: string }[];
      };
      return value.map(({ name }) => name).filter((name) => name !== 'nodepool1');
    },
    async close() {
      await shell(`helm uninstall kaito -n ${system} --ignore-not-found --wait`);
      await client.delete(namespaces, { name: system }).catch((error: unknown) => {
        if (!isNotFound(error)) throw error;
      });
      await eventuallyGone(client, namespaces, { name: system });
      node.kill('SIGTERM');
      await ended;
      await kube.close();
      await azure.close();
    },
  };
  return it;
}

async function makeRegistry({ arm, id: cluster, subscriptionId }: EmulatedAzure): Promise<Registry> {
  const name = `lab${subscriptionId.slice(0, 8)}`;
  const id = `${cluster.replace(/\/providers\/.*/, '')}/providers/Microsoft.ContainerRegistry/registries/${name}`;
  const body = { location: 'westus3', sku: { name: 'Standard' }, properties: {} };
  await arm('PUT', id, '2023-07-01', body);
  const { properties } = (await arm('GET', id, '2023-07-01')) as {
    readonly properties: { readonly loginServer: string };
  };
  return { id, name, loginServer: properties.loginServer };
}

/** A simulated pod is Ready at once; that of a process has its number. */
function isProcess({ metadata, status }: Live<Pod>): boolean {
  const [container] = status?.containerStatuses ?? [];
  return (
    metadata.deletionTimestamp === undefined &&
    container?.ready === true &&
    container.containerID?.startsWith('process://') === true
  );
}

function outputOf({ code, out, err }: Ran): string {
  if (code === 0) return out;
  throw new Error(`exit code ${code}: ${err}${out}`);
}
