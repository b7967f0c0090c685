/**
 * The GPU provisioner as its own process, N NodeClaims at once, beside the emulator's own floor: a bare loop that makes the same agent pools and
 * looks at each until it is there. Once with AKS' rule of one operation at a time, once without. Usage: node bench/provisioner.ts
 * [--claims N] [--serialised-claims N] [--operation-seconds S]
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { ContainerServiceClient } from '@azure/arm-containerservice';
import { eventually } from '@kaito/kube/testing';
import { nodeClaims } from '../packages/provisioner/src/cache/resources.ts';
import {
  type AzureCluster,
  azureCluster,
  isReady,
} from '../packages/provisioner/src/scenarios/testing/azure-cluster.ts';
import { bundled, heapFlags, start } from './operator/processes.ts';

const { values: flags } = parseArgs({
  options: {
    claims: { type: 'string', default: '200' },
    'serialised-claims': { type: 'string', default: '50' },
    'operation-seconds': { type: 'string', default: '1' },
    inside: { type: 'boolean', default: false },
  },
});
const type = 'Standard_NC4as_T4_v3';
const deadlineMs = 1_800_000;
const ourselves = fileURLToPath(import.meta.url);
const root = fileURLToPath(new URL('../', import.meta.url));
type Row = Readonly<Record<string, number>>;

const folder = mkdtempSync(join(tmpdir(), 'kaito-bench-'));

if (flags.inside) await inside();
else await outside();

/** In a lab with an emulator. */
async function outside(): Promise<void> {
  const node = [process.execPath, '--disable-warning=ExperimentalWarning'];
  const [lab, azure] = [`${root}lab/kubernetes/src/main.ts`, `${root}lab/azure/src/main.ts`];
  const emulator = [...node, azure, 'run', '--no-az', `--operation-seconds=${flags['operation-seconds']}`, '--'];
  const again = [...node, ourselves, '--inside', ...process.argv.slice(2)];
  const child = spawn(node[0]!, [...node.slice(1), lab, 'run', '--', ...emulator, ...again], { stdio: 'inherit' });
  const [code] = (await once(child, 'exit')) as [number | null];
  process.exitCode = code ?? 1;
}

async function inside(): Promise<void> {
  const it = await azureCluster();
  await it.azure.admin('PUT', '/aks/settings', { poolsPerCluster: 2000 });
  const quota = `/compute/quotas/${it.address.subscriptionId}/${it.address.location}`;
  for (const family of ['Standard NCASv3_T4 Family', 'cores'])
    await it.azure.admin('PUT', `${quota}/${encodeURIComponent(family)}`, { limit: 100_000 });
  for (const serialised of [false, true]) {
    await it.azure.admin('PUT', '/aks/settings', { serialised });
    const count = Number(serialised ? flags['serialised-claims'] : flags.claims);
    const floor = await bare(it, count, serialised ? 1 : 50);
    const ours = await claimed(it, count, serialised ? 1 : 50);
    const ratio = { seconds: ours['seconds']! / floor['seconds']! };
    const rows = { [`provisioner, ${count}`]: ours, [`floor, ${count}`]: floor, 'provisioner / floor': ratio };
    process.stdout.write(`${serialised ? 'one operation at a time, as AKS' : 'as many at once as are asked for'}\n`);
    print(rows);
  }
  await it.close();
}

function print(rows: Readonly<Record<string, Row>>): void {
  const rounded = Object.entries(rows).map(([name, row]) => [
    name,
    Object.fromEntries(Object.entries(row).map(([key, value]) => [key, Number(value.toFixed(2))])),
  ]);
  // oxlint-disable-next-line no-console
  console.table(Object.fromEntries(rounded));
}

async function claimed(it: AzureCluster, count: number, atOnce: number): Promise<Row> {
  const args = ['--leader-elect=false', '--health-port=0', '--metrics-port=0', '--concurrency=50'];
  Object.assign(process.env, it.environment);
  const program = await bundled('packages/provisioner/src/main.ts', folder);
  const measured = start(join(folder, 'provisioner.log'), program, [...args, `--pool-operations=${atOnce}`], heapFlags);
  const before = (await it.azure.requests()).length;
  const began = performance.now();
  const claims = await Promise.all(Array.from({ length: count }, async () => await it.claim({ types: [type] })));
  const names = new Set(claims.map(({ metadata }) => metadata.name));
  await eventually(
    { client: it.kube.client, resource: nodeClaims },
    (all) => all.filter((claim) => names.has(claim.metadata.name) && isReady(claim)).length === count,
    deadlineMs,
  );
  const seconds = (performance.now() - began) / 1000;
  const own = (await it.azure.requests()).slice(before).filter(({ callerId }) => callerId === it.identity.principalId);
  const looks = own.filter(({ path }) => /operations/i.test(path)).length;
  const [cpu, peak] = [measured.cpuSeconds(), measured.peakMiB()];
  await it.takeBack();
  const away = (performance.now() - began) / 1000 - seconds;
  await measured.end();
  return {
    seconds,
    'requests each': (own.length - looks) / count,
    'looks each': looks / count,
    'CPU each, ms': (cpu * 1000) / count,
    'peak MiB': peak,
    'seconds until all are gone': away,
  };
}

/** The same pools without claims: a PUT, looks until it is there, and in the end a DELETE. */
async function bare(it: AzureCluster, count: number, atOnce: number): Promise<Row> {
  const { endpoint, owner, subscriptionId } = it.azure;
  const client = new ContainerServiceClient(owner, subscriptionId, {
    endpoint,
    credentials: { scopes: [`${endpoint}/.default`] },
  });
  const { resourceGroup, name: cluster } = it.address;
  const names = Array.from({ length: count }, (_, at) => `bare${at}`);
  const each = async (work: (name: string) => Promise<unknown>): Promise<number> => {
    const began = performance.now();
    const left = [...names];
    const one = async (): Promise<void> => {
      for (let name = left.pop(); name !== undefined; name = left.pop()) await work(name);
    };
    await Promise.all(Array.from({ length: atOnce }, one));
    return (performance.now() - began) / 1000;
  };
  const pool = { count: 1, vmSize: type, mode: 'User' as const, osDiskSizeGB: 120 };
  const options = { updateIntervalInMs: 1000 };
  const seconds = await each((name) => client.agentPools.createOrUpdate(resourceGroup, cluster, name, pool, options));
  const away = await each((name) => client.agentPools.delete(resourceGroup, cluster, name, options));
  return { seconds, 'seconds until all are gone': away };
}
