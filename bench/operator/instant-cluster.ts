/**
 * Stands for everything of a cluster but etcd and the API server, so that these have the machine's cores to themselves: machines that are asked
 * for are there and Ready at once, and so are the pods of a workload, told by the workload's status alone. Runs until SIGTERM.
 */
import {
  type Client,
  createClient,
  createController,
  createInformer,
  deployments,
  itself,
  type KubeObject,
  loadConfig,
  type Resource,
  silentLogger as logger,
  source,
  statefulSets,
  systemClock as clock,
} from '@kaito/kube';
import { runProvisioner } from '@kaito/workspace/testing';

interface Workload extends KubeObject {
  readonly spec: { readonly replicas?: number };
  readonly status?: { readonly observedGeneration?: number; readonly readyReplicas?: number };
}

const client = createClient(loadConfig({ clock }), { clock, logger, userAgent: 'instant-cluster' });
const stop = new AbortController();
process.once('SIGTERM', () => stop.abort());

/** A workload has as many ready pods as it asks for. */
async function runWorkloads(of: Resource<Workload>, signal: AbortSignal): Promise<void> {
  const workloads = createInformer({ client, clock, logger, resource: of });
  const controller = createController({
    name: of.plural,
    sources: [source(workloads, itself)],
    concurrency: 20,
    clock,
    logger,
    reconcile: async (key) => {
      const workload = workloads.get(key);
      if (workload === undefined || workload.status?.observedGeneration === workload.metadata.generation) return;
      workloads.remember(await serve(client, of, workload));
    },
  });
  await Promise.all([workloads.run(signal), controller.run(signal)]);
}

async function serve(to: Client, of: Resource<Workload>, { metadata, spec }: Workload): Promise<Workload> {
  const replicas = spec.replicas ?? 1;
  const now = new Date().toISOString();
  const conditions = [
    { type: 'Available', status: 'True', reason: 'MinimumReplicasAvailable', lastTransitionTime: now },
  ];
  const status = {
    observedGeneration: metadata.generation,
    replicas,
    updatedReplicas: replicas,
    readyReplicas: replicas,
    availableReplicas: replicas,
    ...(of.kind === 'Deployment' && { conditions }),
  };
  const ref = { namespace: metadata.namespace!, name: metadata.name! };
  return await to.patch(of, ref, { type: 'merge', body: { status } }, { subresource: 'status' });
}

await Promise.all([
  runProvisioner({ client, clock, logger, readyAtOnce: true }, stop.signal),
  runWorkloads(deployments as Resource<Workload>, stop.signal),
  runWorkloads(statefulSets as Resource<Workload>, stop.signal),
]);
