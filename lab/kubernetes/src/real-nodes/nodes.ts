import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import {
  ApiError,
  type Client,
  createClient,
  endpointSlices,
  loadConfig,
  nodes,
  services,
  silentLogger,
  systemClock,
} from '@kaito/kube';
import type { ControlPlane } from '../control-plane.ts';
import { LabError } from '../error.ts';
import type { Progress } from '../go-programs.ts';
import { kubectl, taint } from '../nodes.ts';
import { order } from '../orders.ts';
import { builtInImages } from './images.ts';
import { inotifyRemedy, lackOfInotify } from './inotify.ts';
import { nameServerObjects } from './name-server.ts';
import { type NodePrograms, ensureNodePrograms } from './programs.ts';
import type { RealNode, RealNodeOrder, RegistryAccess } from './real-node.ts';
import { checkRealNodes } from './requirements.ts';

/** The node as it stands before its kubelet finds it: what a cloud gives a machine, with labels that no kubelet may set for itself. */
function manifest({ name, labels = {}, taints = [], instanceType, providerId }: RealNode) {
  return {
    apiVersion: 'v1' as const,
    kind: 'Node' as const,
    metadata: {
      name,
      labels: {
        'kubernetes.io/hostname': name,
        ...(instanceType !== undefined && { 'node.kubernetes.io/instance-type': instanceType }),
        ...labels,
      },
    },
    spec: { taints: taints.map(taint), ...(providerId !== undefined && { providerID: providerId }) },
  };
}

/** With paths that mean the same to the supervisor, which works elsewhere. */
function absolute({ mirror, authorities, credentialProvider }: RegistryAccess): RegistryAccess {
  return {
    ...(mirror !== undefined && { mirror }),
    ...(authorities !== undefined && { authorities: authorities.map((file) => resolve(file)) }),
    ...(credentialProvider !== undefined && {
      credentialProvider: {
        config: resolve(credentialProvider.config),
        folder: resolve(credentialProvider.folder),
      },
    }),
  };
}

/** The file with the images that every node has; written once for a lab. */
function builtInImagesFile(directory: string, programs: NodePrograms): string {
  const file = join(directory, 'images.tar');
  // Another node may be reading it.
  if (!existsSync(file)) {
    const unfinished = `${file}.${randomUUID()}`;
    writeFileSync(unfinished, builtInImages(programs));
    renameSync(unfinished, file);
  }
  return file;
}

/**
 * Adds a real node: containerd, runc, kubelet and kube-proxy in network, mount, process and host name namespaces of their own, inside those
 * of the lab. The first one brings the cluster's name server (CoreDNS) with it. Resolves when the node is Ready.
 *
 * @throws LabError where the machine does not allow it, a node of this name exists, or it does not become Ready in three minutes.
 */
export async function addRealNode(lab: ControlPlane, node: RealNode, progress: Progress = () => {}): Promise<void> {
  await checkRealNodes();
  const programs = await ensureNodePrograms(progress);
  const started: RealNodeOrder = {
    node: { ...node, ...(node.registry !== undefined && { registry: absolute(node.registry) }) },
    images: [builtInImagesFile(lab.directory, programs), ...(node.images ?? []).map((file) => resolve(file))],
    coredns: programs.coredns,
    cni: join(programs.debian.root, 'usr', 'lib', 'cni'),
    environment: programs.debian.environment,
  };
  const client = apiClient(lab);
  try {
    await client.create(nodes, manifest(node));
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    throw new LabError(error.status.message, 'choose another name, or remove it first', { cause: error });
  }
  try {
    await registerNameServer(client);
    await order(lab.directory, `/nodes/${node.name}`, { body: started });
    await ready(lab, client, node.name, progress);
  } catch (error) {
    // Where this fails too, the lab has ended.
    await removeRealNode(lab, node.name, { abruptly: true })
      .then(() => client.delete(nodes, { name: node.name }))
      .catch(() => {});
    throw error;
  } finally {
    client.close();
  }
}

/** To the lab's API server, from the host. */
function apiClient(lab: ControlPlane): Client {
  const clock = systemClock;
  const config = loadConfig({ clock, kubeconfig: lab.hostKubeconfig, terminal: false });
  return createClient(config, { clock, logger: silentLogger, userAgent: 'kaito-lab' });
}

/** Of nodes that are added at once only one can have its address; to the others it is then a Service that stands already. */
async function registerNameServer(client: Client): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      const { service, endpoints } = nameServerObjects();
      await client.apply(services, service, { fieldManager: 'kaito-lab' });
      await client.apply(endpointSlices, endpoints, { fieldManager: 'kaito-lab' });
      return;
    } catch (error) {
      if (tries === 50) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

async function ready(lab: ControlPlane, client: Client, name: string, progress: Progress): Promise<void> {
  const remedy = `read ${lab.directory}/${name}.log, ${name}.containerd.log and ${name}.kubelet.log there`;
  const fieldSelector = `metadata.name=${name}`;
  let lack: string | undefined;
  for (let tries = 0; tries < 90; tries += 1) {
    for await (const event of client.watch(nodes, { fieldSelector, timeoutSeconds: 2 })) {
      if (event.type !== 'BOOKMARK' && event.type !== 'DELETED' && isReady(event.object)) return;
    }
    if (!(await realNodeNames(lab)).includes(name)) {
      const said = readLog(lab, name).trim();
      throw new LabError(`the node ${name} ended while it started: ${said}`, remedy);
    }
    if (lack === undefined) {
      lack = lackOfInotify(readLog(lab, `${name}.kubelet`));
      if (lack !== undefined) progress(`the node ${name} waits: ${lack}; ${inotifyRemedy}`);
    }
  }
  if (lack !== undefined) throw new LabError(`the node ${name} was not Ready in three minutes: ${lack}`, inotifyRemedy);
  throw new LabError(`the node ${name} was not Ready in three minutes`, remedy);
}

/** Empty where nothing has been written yet. */
function readLog({ directory }: ControlPlane, name: string): string {
  const file = join(directory, `${name}.log`);
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}

const isReady = ({ status }: { readonly status?: { readonly conditions?: readonly Condition[] } }): boolean =>
  status?.conditions?.some((each) => each.type === 'Ready' && each.status === 'True') === true;

interface Condition {
  readonly type: string;
  readonly status: string;
}

/** Names of the real nodes that run. */
export async function realNodeNames(lab: ControlPlane): Promise<readonly string[]> {
  return JSON.parse(await order(lab.directory, '/nodes', { method: 'GET' })) as string[];
}

/**
 * Removes a real node. Its pods are evicted first, unless `abruptly`: then its processes are killed and the Node stays in the API, as for a
 * machine that dies. Nothing of it is left on this machine when this resolves, though finalizers may hold its Node; that it runs no more is no
 * error.
 */
export async function removeRealNode(
  lab: ControlPlane,
  name: string,
  { abruptly = false }: { readonly abruptly?: boolean } = {},
): Promise<void> {
  if (!abruptly && (await realNodeNames(lab)).includes(name)) {
    await kubectl(lab, ['drain', name, '--ignore-daemonsets', '--delete-emptydir-data', '--force', '--timeout=120s']);
  }
  await order(lab.directory, `/nodes/${name}`, { method: 'DELETE' });
  // Who holds the Node by a finalizer may wait for the end of the machine.
  if (!abruptly) await kubectl(lab, ['delete', 'node', name, '--ignore-not-found', '--wait=false']);
}
