import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { nodes, pods, serviceAccounts } from '../resources.ts';
import type { TestCluster } from './cluster.ts';
import { eventually } from './eventually.ts';

export interface KubeletStub {
  /** Of a pod that counts as Running there, with the container `main`. */
  readonly pod: { readonly namespace: string; readonly name: string };
}

/**
 * A node whose kubelet is kwok's server, in which port-forward and logs are the kubelet's own code: forwarded ports reach `target`, and the
 * log of the container `main` is `logFile`. It ends with the cluster. Needs kwok on the PATH, and the API server in the same network
 * namespace.
 */
export async function kubeletStub(
  cluster: TestCluster,
  options: { readonly namespace: string; readonly port: number; readonly target: number; readonly logFile: string },
): Promise<KubeletStub> {
  const { client } = cluster;
  const { namespace } = options;
  const name = `kubelet-${namespace}`;
  const folder = await mkdtemp(path.join(tmpdir(), 'kubelet-'));
  const config = [
    {
      apiVersion: 'kwok.x-k8s.io/v1alpha1',
      kind: 'ClusterPortForward',
      metadata: { name: 'all' },
      spec: { forwards: [{ ports: [options.port], target: { address: '127.0.0.1', port: options.target } }] },
    },
    {
      apiVersion: 'kwok.x-k8s.io/v1alpha1',
      kind: 'ClusterLogs',
      metadata: { name: 'all' },
      spec: { logs: [{ containers: ['main'], logsFile: options.logFile, follow: true }] },
    },
  ];
  await writeFile(path.join(folder, 'kwok.yaml'), config.map((each) => JSON.stringify(each)).join('\n---\n'));
  const port = await freePort();
  const kwok = spawn(
    'kwok',
    [
      `--kubeconfig=${process.env['KUBECONFIG']}`,
      `--config=${path.join(folder, 'kwok.yaml')}`,
      '--manage-single-node=none-such',
      `--server-address=127.0.0.1:${port}`,
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  cluster.after(async () => {
    await end(kwok);
    await rm(folder, { recursive: true });
  });
  await serving(kwok);

  await client.create(nodes, {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name },
    spec: { taints: [{ key: 'test', effect: 'NoSchedule' }] },
  });
  cluster.after(async () => {
    await client.delete(nodes, { name });
  });
  const nodeStatus = {
    addresses: [{ type: 'InternalIP', address: '127.0.0.1' }],
    daemonEndpoints: { kubeletEndpoint: { Port: port } },
  };
  await client.patch(nodes, { name }, { type: 'merge', body: { status: nodeStatus } }, { subresource: 'status' });
  await eventually({ client, resource: serviceAccounts, namespace }, (accounts) =>
    accounts.some(({ metadata }) => metadata.name === 'default'),
  );
  const pod = { namespace, name: 'served' };
  await client.create(pods, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: pod,
    spec: { nodeName: name, containers: [{ name: 'main', image: 'none' }], tolerations: [{ operator: 'Exists' }] },
  });
  cluster.after(async () => {
    await client.delete(pods, pod, { gracePeriodSeconds: 0 });
  });
  await client.patch(pods, pod, { type: 'merge', body: { status: { phase: 'Running' } } }, { subresource: 'status' });
  return { pod };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Resolves when kwok says that it serves; it says so in its log. @throws Error with its log where it ends */
async function serving(kwok: ChildProcess): Promise<void> {
  const said: string[] = [];
  for await (const line of createInterface({ input: kwok.stderr! })) {
    said.push(line);
    if (line.includes('Starting HTTP server')) {
      kwok.stderr?.resume();
      kwok.stdout?.resume();
      return;
    }
  }
  throw new Error(`kwok ended: ${said.join('\n')}`);
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}
