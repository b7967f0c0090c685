/**
 * Admission at a steady rate over kept-alive TLS: the real handler for Workspaces behind the real server, beside bare node:https that reads the body and answers
 * always the same. Latency counts from the moment a request was due, so that a stall is seen by all that wait behind it. Reviews are the
 * examples and a refusal, as creates and updates. Usage: node bench/admission.ts [--rate N] [--seconds N] [--rounds N]
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values: flags } = parseArgs({
  options: {
    rate: { type: 'string', default: '200' },
    seconds: { type: 'string', default: '10' },
    rounds: { type: 'string', default: '3' },
    serve: { type: 'string' },
  },
});
const path = '/validate/workspace.kaito.sh';

if (flags.serve === undefined) await measure();
else if (flags.serve === 'ours') await serveOurs();
else await serveBare();

async function serveOurs(): Promise<void> {
  const { createAdmissionServer, createMetrics, fixedCertificate, silentLogger, systemClock } =
    await import('@kaito/kube');
  const { loadCatalog } = await import('@kaito/catalog');
  const { webhookHandlers } = await import('../packages/workspace/src/webhook/handlers.ts');
  const server = createAdmissionServer({
    host: '127.0.0.1',
    port: 0,
    handlers: webhookHandlers({ catalog: loadCatalog(), presetRegistry: 'mcr.microsoft.com/aks/kaito' }),
    certificate: fixedCertificate({ certificate: process.env['CERTIFICATE']!, key: process.env['KEY']! }),
    clock: systemClock,
    logger: silentLogger,
    metrics: createMetrics().webhook,
    drainMs: 0,
  });
  const ending = new AbortController();
  process.once('SIGTERM', () => ending.abort());
  const ended = server.run(ending.signal);
  await server.ready!(ending.signal);
  process.stdout.write(`${server.url}\n`);
  await ended;
}

async function serveBare(): Promise<void> {
  const { createServer } = await import('node:https');
  const answer = JSON.stringify({
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    response: { uid: 'uid-1', allowed: true },
  });
  const headers = { 'content-type': 'application/json', 'content-length': answer.length };
  const server = createServer({ cert: process.env['CERTIFICATE'], key: process.env['KEY'] }, (incoming, outgoing) => {
    incoming.on('data', () => {});
    incoming.on('end', () => outgoing.writeHead(200, headers).end(answer));
  });
  server.listen(0, '127.0.0.1', () => {
    const address = server.address();
    process.stdout.write(`https://127.0.0.1:${typeof address === 'object' ? address?.port : ''}\n`);
  });
  process.once('SIGTERM', () => process.exit());
}

interface Server {
  readonly name: string;
  readonly child: ChildProcess;
  readonly url: string;
  readonly latencies: number[];
  cpuSeconds: number;
}

async function start(name: string, role: string, env: Record<string, string>): Promise<Server> {
  const args = [fileURLToPath(import.meta.url), '--serve', role];
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...env },
  });
  for await (const url of createInterface({ input: child.stdout }))
    return { name, child, url, latencies: [], cpuSeconds: 0 };
  throw new Error(`${name} ended before it listened`);
}

/** Of the process's own accounts, at Linux's 100 ticks per second. */
function cpuSeconds({ child }: Server): number {
  const fields = readFileSync(`/proc/${child.pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

function peakMiB({ child }: Server): number {
  return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1]) / 1024;
}

/** One round at a steady rate. @returns the latency of each request, ms. */
async function round(server: Server, agent: Agent, bodies: readonly string[], seconds: number): Promise<number[]> {
  const rate = Number(flags.rate);
  const total = Math.round(rate * seconds);
  const latencies: number[] = [];
  const done = Promise.withResolvers<void>();
  const began = performance.now();
  let sent = 0;
  const one = (index: number) => {
    const due = began + (index * 1000) / rate;
    const body = bodies[index % bodies.length]!;
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    const outgoing = request(`${server.url}${path}?timeout=10s`, { agent, method: 'POST', headers }, (response) => {
      if (response.statusCode !== 200) done.reject(new Error(`${server.name} answered ${response.statusCode}`));
      response.resume().on('end', () => {
        latencies.push(performance.now() - due);
        if (latencies.length === total) done.resolve();
      });
    });
    outgoing.on('error', done.reject).end(body);
  };
  const tick = () => {
    for (; sent < total && began + (sent * 1000) / rate <= performance.now(); sent += 1) one(sent);
    if (sent < total) setTimeout(tick, Math.max(0, began + (sent * 1000) / rate - performance.now()));
  };
  tick();
  await done.promise;
  return latencies;
}

async function reviews(): Promise<string[]> {
  const { parseWorkspaces, withDefaults } = await import('@kaito/api');
  const { reviewOf } = await import('@kaito/kube/testing');
  const folder = join(import.meta.dirname, '../examples');
  const workspaces = readdirSync(folder)
    .filter((file) => file.endsWith('.yaml'))
    .toSorted()
    .flatMap((file) => parseWorkspaces(readFileSync(join(folder, file), 'utf8')).workspaces)
    .map(withDefaults);
  const wrong = { ...workspaces[0]!, inference: { preset: { name: 'no-such-model' } } };
  return [...workspaces, wrong].flatMap((object) => {
    const stored = { ...object, metadata: { ...object.metadata, uid: 'b5e6', resourceVersion: '1', generation: 1 } };
    const changed = { ...stored, resource: { ...stored.resource, preferredNodes: ['node-1'] } };
    return [reviewOf(stored), reviewOf(changed, { oldObject: stored })].map((review) => JSON.stringify(review));
  });
}

function percentile(values: readonly number[], share: number): string {
  const sorted = values.toSorted((a, b) => a - b);
  return (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN).toFixed(2);
}

async function measure(): Promise<void> {
  const { testCertificate } = await import('@kaito/kube/testing');
  const { authorities, pair } = await testCertificate();
  const bodies = await reviews();
  const agent = new Agent({ keepAlive: true, maxSockets: 32, ca: authorities });
  const env = { CERTIFICATE: pair.certificate, KEY: pair.key };
  const servers = [await start('kaito, real handler', 'ours', env), await start('bare node:https', 'bare', env)];
  try {
    for (const server of servers) await round(server, agent, bodies, 3);
    for (let count = 0; count < Number(flags.rounds); count += 1) {
      for (const server of servers) {
        const before = cpuSeconds(server);
        server.latencies.push(...(await round(server, agent, bodies, Number(flags.seconds))));
        server.cpuSeconds += cpuSeconds(server) - before;
      }
    }
    const table = servers.map((server) => [
      server.name,
      {
        requests: server.latencies.length,
        'p50 ms': percentile(server.latencies, 0.5),
        'p99 ms': percentile(server.latencies, 0.99),
        'max ms': percentile(server.latencies, 1),
        'CPU ms/request': ((server.cpuSeconds * 1000) / server.latencies.length).toFixed(2),
        'peak RSS MiB': peakMiB(server).toFixed(0),
      },
    ]);
    // oxlint-disable-next-line no-console
    console.table(Object.fromEntries(table));
  } finally {
    agent.destroy();
    for (const { child } of servers) {
      child.kill('SIGTERM');
      if (child.exitCode === null) await once(child, 'exit');
    }
  }
}
