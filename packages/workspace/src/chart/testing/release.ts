import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isTrue, type Workspace } from '@kaito/api';
import {
  deployments,
  fixedCredential,
  type Intercept,
  isNotFound,
  namespaces,
  nodes,
  pods,
  silentLogger,
  systemClock,
} from '@kaito/kube';
import { eventually, eventuallyOne, type TestCluster, testCluster } from '@kaito/kube/testing';
import type { Node } from 'kubernetes-types/core/v1.js';
import type { Live } from '../../cache/caches.ts';
import { workspaces } from '../../cache/resources.ts';
import { readSettings } from '../../settings.ts';
import { type RunningOperator, startOperator } from '../../testing/operator.ts';
import { runProvisioner } from '../../testing/provisioner.ts';
import { helm, kubectl, run } from './helm.ts';

export const releaseName = 'kaito';

/** A release of the chart on a real cluster, in a namespace that admits restricted pods only. */
export interface TestRelease {
  readonly cluster: TestCluster;
  /** The release's namespace. */
  readonly system: string;
  /** A namespace for Workspaces. */
  readonly team: string;
  /** A folder for the test's files. */
  readonly folder: string;
  /** Installs or upgrades, and waits until all is ready. @returns what helm says */
  upgrade(chart: string, ...args: readonly string[]): Promise<string>;
  /**
   * Runs what the pods of the Deployment stand for, since simulated nodes run no program: the operator with the arguments of its container,
   * the rights of its ServiceAccount, and the addresses of its pods, by which the API server reaches its webhook; and beside it a provisioner.
   */
  startOperator(intercept?: Intercept): Promise<void>;
  stopOperator(): Promise<void>;
  /** `kubectl apply` in `team`. */
  apply(manifest: string): Promise<string>;
  /** Waits until a Workspace of `team` is ready. */
  ready(name: string): Promise<Live<Workspace>>;
  /** A simulated node until the test is over. */
  addNode(name: string, labels?: Readonly<Record<string, string>>): Promise<void>;
  /** Uninstalls, and deletes all else that the test made, but not the CRDs. */
  close(): Promise<void>;
}

export function isReady({ status }: Live<Workspace>): boolean {
  return isTrue(status?.conditions, 'WorkspaceReady');
}

/** Nothing is installed yet, and there is one node for the operator. */
export async function testRelease(): Promise<TestRelease> {
  const cluster = await testCluster();
  const { client } = cluster;
  const folder = await mkdtemp(join(tmpdir(), 'chart-'));
  const [system, team] = [await cluster.namespace(), await cluster.namespace()];
  const within = `--namespace=${system}`;
  const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' };
  await client.patch(namespaces, { name: system }, { type: 'merge', body: { metadata: { labels } } });
  const end = new AbortController();
  const worn = new Set<string>();
  let operator: RunningOperator | undefined;
  let provisioner: Promise<void> | undefined;

  /** The addresses of the operator's pods become this network namespace's own. */
  async function wearAddresses(replicas: number): Promise<void> {
    const labelSelector = 'app.kubernetes.io/name=kaito-workspace';
    const addresses = await eventually({ client, resource: pods, namespace: system, labelSelector }, (all) => {
      const living = all.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
      const found = living.flatMap(({ status }) => status?.podIP ?? []);
      return found.length === replicas && living.length === replicas && found;
    });
    for (const address of addresses) {
      await run('ip', ['address', 'replace', `${address}/32`, 'dev', 'lo']);
      worn.add(address);
    }
  }

  const release: TestRelease = {
    cluster,
    system,
    team,
    folder,
    upgrade: async (chart, ...args) =>
      await helm('upgrade', '--install', releaseName, chart, within, '--wait', '--timeout=90s', ...args),
    async startOperator(intercept) {
      // Only now does the CRD of NodeClaim exist.
      provisioner ??= runProvisioner({ client, clock: systemClock, logger: silentLogger }, end.signal);
      const { spec } = await client.get(deployments, { namespace: system, name: 'kaito-workspace' });
      const { containers, serviceAccountName } = spec!.template.spec!;
      const token = (await kubectl('create', 'token', serviceAccountName!, within)).trim();
      const settings = readSettings(containers[0]!.args!, { POD_NAMESPACE: system });
      if (settings === 'help') throw new Error('the container asks for help');
      await wearAddresses(spec!.replicas!);
      operator = await startOperator({
        config: { ...cluster.config, source: 'the ServiceAccount', credentials: fixedCredential({ token }) },
        settings: { ...settings, healthPort: 0, metricsPort: 0 },
        ...(intercept !== undefined && { intercept }),
      });
    },
    async stopOperator() {
      await operator?.stop();
      operator = undefined;
    },
    apply: async (manifest) => await run('kubectl', ['apply', '-f', '-', `--namespace=${team}`], manifest),
    ready: async (name) => await eventuallyOne(client, workspaces, { namespace: team, name }, isReady),
    async addNode(name, nodeLabels = {}) {
      await client.create(nodes, simulatedNode(name, nodeLabels));
      cluster.after(async () => {
        await client.delete(nodes, { name }).catch((error: unknown) => {
          if (!isNotFound(error)) throw error;
        });
      });
    },
    async close() {
      await release.stopOperator();
      await helm('uninstall', releaseName, within, '--ignore-not-found', '--wait');
      end.abort();
      await provisioner;
      for (const address of worn) await run('ip', ['address', 'del', `${address}/32`, 'dev', 'lo']);
      await cluster.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
  await release.addNode('system-0');
  return release;
}

function simulatedNode(name: string, labels: Readonly<Record<string, string>>): Live<Node> {
  const capacity = { cpu: '64', memory: '512Gi', pods: '110', 'ephemeral-storage': '2Ti' };
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      annotations: { 'kwok.x-k8s.io/node': 'fake' },
      labels: { 'kubernetes.io/hostname': name, 'kubernetes.io/os': 'linux', 'kubernetes.io/arch': 'amd64', ...labels },
    },
    status: { capacity, allocatable: capacity, phase: 'Running' },
  };
}
