import { setTimeout as sleep } from 'node:timers/promises';
import { namespaces } from '@kaito/kube';
import { type TestCluster } from '@kaito/kube/testing';
import {
  bundled,
  counts,
  type Counts,
  type Measured,
  requestsBetween,
  start,
  startOperator,
  startProvisioner,
  writesOf,
} from './processes.ts';
import { createAll, namespace, type Sightings, watchWorkspaces, workspaces } from './workspaces.ts';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { recordWrites } from './recording.ts';

/** What a measure is made with. */
export interface Bench {
  readonly cluster: TestCluster;
  /** Folder for logs and profiles. */
  readonly folder: string;
  /** Real controllers and scheduler run; else a small program stands for them. */
  readonly whole: boolean;
  /** Workspaces the operator works on at once. */
  readonly concurrency: number;
  readonly nodeFlags: readonly string[];
  readonly signal: AbortSignal;
}

export type Figures = Readonly<Record<string, number | string>>;

const crds = ['kaito.sh_workspaces.yaml', 'karpenter.sh_nodeclaims.yaml'].map((file) =>
  join(import.meta.dirname, '../../charts/kaito/files/crds', file),
);

/** CRDs, namespaces and what makes nodes. */
async function prepare({ cluster, folder, whole }: Bench): Promise<Measured> {
  await cluster.applyCrds(crds);
  for (const name of [namespace, 'kaito-system'])
    await cluster.client.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  return startProvisioner(join(folder, 'provisioner.log'), whole);
}

/** Ready for work: all caches full, nothing pending. Looked at twenty times a second, so as not to disturb. @returns the operator's numbers then */
async function settled(reconciles: number): Promise<Counts> {
  for (;;) {
    const now = await counts();
    if (now !== undefined && now.reconciles >= reconciles && now.pending === 0) return now;
    await sleep(50);
  }
}

/** One Workspace first: an API server needs some seconds until it serves kinds that were installed just now, and an operator until it leads. */
async function warm({ cluster }: Bench, sightings: Sightings): Promise<void> {
  await createAll(cluster.client, ['first']);
  await sightings.readyCount(1);
}

/** How long without a write counts as quiet, s; a held Lease is renewed meanwhile, by PUT. */
const quietSeconds = 5;

const written = ({ requests }: Counts): number => (requests['POST'] ?? 0) + (requests['PATCH'] ?? 0);

/** Nothing pending and nothing written: events are, some time after what they tell. @returns the operator's numbers then */
async function quiet(): Promise<Counts> {
  for (;;) {
    const before = await settled(0);
    await sleep(quietSeconds * 1000);
    const now = await settled(0);
    if (written(now) === written(before)) return now;
  }
}

function names(count: number, prefix = 'workspace'): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}-${String(index).padStart(4, '0')}`);
}

/** The share of values at or below the result. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

interface Crowd {
  /** From the first request to the last Ready, s. */
  readonly seconds: number;
  /** Of each Workspace from its request to Ready, s. */
  readonly latencies: readonly number[];
}

async function crowd(bench: Bench, sightings: Sightings, count: number): Promise<Crowd> {
  const before = sightings.ready.size;
  const began = performance.now();
  const asked = await createAll(bench.cluster.client, names(count));
  await sightings.readyCount(before + count);
  const seconds = (performance.now() - began) / 1000;
  return { seconds, latencies: [...asked].map(([name, at]) => (sightings.ready.get(name)! - at) / 1000) };
}

const crowdFigures = ({ seconds, latencies }: Crowd): Figures => ({
  seconds,
  p50: percentile(latencies, 0.5),
  p99: percentile(latencies, 0.99),
});

/** So many Workspaces at once for the operator; with `after`, also idleness and restarts with all of them Ready. */
export async function crowdOfOperator(
  bench: Bench,
  count: number,
  after: boolean,
  idleSeconds: number,
): Promise<Figures> {
  const { cluster, folder, nodeFlags, signal } = bench;
  const provisioner = await prepare(bench);
  let operator = await startOperator(folder, nodeFlags);
  try {
    const sightings = watchWorkspaces(cluster.client, signal, true);
    await warm(bench, sightings);
    const before = await quiet();
    const cpu = operator.cpuSeconds();
    const result = await crowd(bench, sightings, count);
    const spent = operator.cpuSeconds() - cpu;
    const requests = requestsBetween(before, await quiet());
    const figures: Figures = {
      ...crowdFigures(result),
      cpuMsEach: (spent * 1000) / count,
      peakMiB: operator.peakMiB(),
      writesEach: writesOf(requests) / count,
      requestsEach: Object.values(requests).reduce((sum, each) => sum + each, 0) / count,
      ...Object.fromEntries(Object.entries(requests).map(([method, value]) => [`${method} each`, value / count])),
      ...chain(sightings),
    };
    if (!after) return figures;
    const idle = await idleness(operator, idleSeconds);
    await operator.end();
    operator = await startOperator(folder, nodeFlags);
    const restart = await restarted(operator, count + 1);
    await operator.end();
    const began = performance.now();
    operator = await startOperator(folder, nodeFlags);
    await createAll(cluster.client, ['late']);
    await sightings.readyCount(count + 2);
    return { ...figures, ...idle, ...restart, newcomer: (performance.now() - began) / 1000 };
  } finally {
    await operator.end();
    await provisioner.end();
  }
}

async function idleness(operator: Measured, seconds: number): Promise<Figures> {
  const before = (await counts())!;
  const cpu = operator.cpuSeconds();
  await sleep(seconds * 1000);
  const cpuPercent = ((operator.cpuSeconds() - cpu) / seconds) * 100;
  const requests = requestsBetween(before, (await counts())!);
  return {
    idleCpuPercent: cpuPercent,
    idleRequests: Object.entries(requests)
      .map(([method, count]) => `${count} ${method}`)
      .join(' '),
    idleMiB: operator.residentMiB(),
  };
}

async function restarted(operator: Measured, count: number): Promise<Figures> {
  const began = performance.now();
  const now = await settled(count);
  const settledIn = (performance.now() - began) / 1000;
  return {
    restartSeconds: settledIn,
    restartWrites: Object.entries(now.requests)
      .map(([method, value]) => `${value} ${method}`)
      .join(' '),
    restartCpuSeconds: operator.cpuSeconds(),
    restartPeakMiB: operator.peakMiB(),
  };
}

/** From "node became Ready" to "workload created", ms, as one process saw both. */
function chain({ node, nodeReady, workload }: Sightings): Figures {
  const gaps = [...node].flatMap(([name, nodeName]) => {
    const from = nodeReady.get(nodeName);
    const to = workload.get(name);
    return from === undefined || to === undefined ? [] : to - from;
  });
  return { chainP50: percentile(gaps, 0.5), chainP99: percentile(gaps, 0.99) };
}

/** One Workspace after the other, each alone. */
export async function alone(bench: Bench, rounds: number): Promise<Figures> {
  const { cluster, folder, nodeFlags, signal } = bench;
  const provisioner = await prepare(bench);
  const operator = await startOperator(folder, nodeFlags);
  try {
    const sightings = watchWorkspaces(cluster.client, signal, true);
    await warm(bench, sightings);
    const times: number[] = [];
    for (const name of names(rounds, 'alone')) {
      const asked = await createAll(cluster.client, [name]);
      await sightings.readyCount(times.length + 2);
      times.push((sightings.ready.get(name)! - asked.get(name)!) / 1000);
      await sleep(100);
    }
    return {
      first: times[0]!,
      median: percentile(times, 0.5),
      most: percentile(times, 1),
      ...chain(sightings),
    };
  } finally {
    await operator.end();
    await provisioner.end();
  }
}

/** So many Workspaces at once for a bare client that does the writes the operator does. */
export async function crowdOfFloor(bench: Bench, count: number): Promise<Figures> {
  const { cluster, folder, concurrency, signal } = bench;
  const provisioner = await prepare(bench);
  let floor: Measured | undefined;
  try {
    const sightings = watchWorkspaces(cluster.client, signal, true);
    const writes = await recordWrites(cluster.config, sightings, async (recorded) => {
      await createAll(cluster.client, recorded);
      const { items } = await cluster.client.list(workspaces, { namespace });
      return new Map(items.map(({ metadata }) => [metadata.name!, metadata.uid!]));
    });
    const recording = join(folder, 'recording.json');
    writeFileSync(recording, JSON.stringify(writes, undefined, 1));
    floor = start(join(folder, 'floor.log'), await bundled('bench/operator-floor.ts', folder), [
      recording,
      String(concurrency),
    ]);
    await sleep(1000);
    const cpu = floor.cpuSeconds();
    const result = await crowd(bench, sightings, count);
    return {
      ...crowdFigures(result),
      cpuMsEach: ((floor.cpuSeconds() - cpu) * 1000) / count,
      peakMiB: floor.peakMiB(),
      writesEach: writes.length,
      ...chain(sightings),
    };
  } finally {
    await floor?.end();
    await provisioner.end();
  }
}
