import { silentLogger, systemClock } from '@kaito/kube';
import { type TestCluster, testCluster } from '@kaito/kube/testing';
import { runProvisioner } from './provisioner.ts';

const crds = ['kaito.sh_workspaces.yaml', 'karpenter.sh_nodeclaims.yaml'].map(
  (file) => new URL(`../../../../charts/kaito/files/crds/${file}`, import.meta.url).pathname,
);

/** The cluster of the tests, with KAITO's CRDs; `machines`: until it is closed NodeClaims get machines, as from a provisioner. */
export async function kaitoCluster({ machines = false } = {}): Promise<TestCluster> {
  const cluster = await testCluster();
  await cluster.applyCrds(crds);
  if (!machines) return cluster;
  const end = new AbortController();
  const provisioner = runProvisioner({ client: cluster.client, clock: systemClock, logger: silentLogger }, end.signal);
  cluster.after(async () => {
    end.abort();
    await provisioner;
  });
  return cluster;
}
