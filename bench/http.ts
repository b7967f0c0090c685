/**
 * The HTTP layer alone, over the echo engine, beside the same echo in bare node:http: requests per second, streamed tokens per second, both per
 * core-second of the server, and latency at 100 concurrent streams. The load comes from this process, the servers are processes of their own.
 * Usage: node bench/http.ts [--seconds N] [--streams N] [--tokens N] [--rounds N]
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values: flags } = parseArgs({
  options: {
    seconds: { type: 'string', default: '5' },
    streams: { type: 'string', default: '100' },
    tokens: { type: 'string', default: '500' },
    rounds: { type: 'string', default: '3' },
  },
});
const seconds = Number(flags.seconds);
const streams = Number(flags.streams);
const tokens = Number(flags.tokens);
const connections = 32;

interface Server {
  readonly name: string;
  readonly child: ChildProcess;
  readonly port: number;
}

async function start(name: string, file: string, args: readonly string[]): Promise<Server> {
  const path = fileURLToPath(new URL(file, import.meta.url));
  const child = spawn(process.execPath, [path, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  let port = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    const event = JSON.parse(line) as { event: string; port?: number; state?: string };
    port = event.port ?? port;
    if (event.state === 'ready') return { name, child, port };
  }
  throw new Error(`${name} ended before it was ready`);
}

/** CPU time that a process has used, in seconds, at Linux's 100 ticks per second; NaN elsewhere. */
function cpuSeconds({ child }: Server): number {
  try {
    const fields = readFileSync(`/proc/${child.pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    return (Number(fields[11]) + Number(fields[12])) / 100;
  } catch {
    return Number.NaN;
  }
}

const agent = new Agent({ keepAlive: true, maxSockets: Math.max(streams, connections) });

/** Sends one request; tells each piece of the answer with its time in ms. */
function post(port: number, path: string, body: string, onPiece: (at: number, piece: Buffer) => void): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const headers = { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) };
  const sent = request({ port, host: '127.0.0.1', agent, method: 'POST', path, headers }, (response) => {
    if (response.statusCode !== 200) reject(new Error(`${path} answered ${response.statusCode}`));
    response
      .on('data', (piece: Buffer) => onPiece(performance.now(), piece))
      .on('end', resolve)
      .on('error', reject);
  });
  sent.on('error', reject).end(body);
  return promise;
}

interface Rate {
  readonly perSecond: number;
  readonly perCoreSecond: number;
}

async function measured(server: Server, work: () => Promise<number>): Promise<Rate> {
  const cpu = cpuSeconds(server);
  const began = performance.now();
  const count = await work();
  return {
    perSecond: (count * 1000) / (performance.now() - began),
    perCoreSecond: count / (cpuSeconds(server) - cpu),
  };
}

/** Short `/chat` requests, one after the other on each connection. */
async function requestRate(server: Server): Promise<Rate> {
  const body = JSON.stringify({ prompt: 'Rain' });
  return await measured(server, async () => {
    let count = 0;
    const until = performance.now() + seconds * 1000;
    const loop = async () => {
      while (performance.now() < until) {
        await post(server.port, '/chat', body, () => {});
        count++;
      }
    };
    await Promise.all(Array.from({ length: connections }, loop));
    return count;
  });
}

interface Streamed extends Rate {
  readonly firstToken: readonly number[];
  readonly gaps: readonly number[];
}

/** All streams at once; gaps are between the pieces of one stream. */
async function streamRate(server: Server): Promise<Streamed> {
  const firstToken: number[] = [];
  const gaps: number[] = [];
  const body = JSON.stringify({
    model: 'echo',
    prompt: 'x'.repeat(64),
    max_tokens: tokens,
    ignore_eos: true,
    stream: true,
  });
  const rate = await measured(server, async () => {
    const one = async () => {
      const sent = performance.now();
      let last = 0;
      let events = 0;
      await post(server.port, '/v1/completions', body, (at, piece) => {
        if (last === 0) firstToken.push(at - sent);
        else gaps.push(at - last);
        last = at;
        for (let from = 0; (from = piece.indexOf('"text":"x', from)) >= 0; from++) events++;
      });
      return events;
    };
    const counts = await Promise.all(Array.from({ length: streams }, one));
    const total = counts.reduce((sum, each) => sum + each, 0);
    if (total !== streams * tokens) throw new Error(`${server.name}: ${total} of ${streams * tokens} tokens came`);
    return total;
  });
  return { ...rate, firstToken, gaps };
}

function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

const whole = (value: number) => Math.round(value).toLocaleString('en');

const median = (values: readonly number[]) => percentile(values, 0.5);

const servers = [
  await start('kaito server, echo engine', '../packages/server/src/main.ts', [
    '--engine',
    'echo',
    '--port',
    '0',
    '--parallel',
    String(Math.max(streams, connections)),
    '--max-queue',
    '1000',
  ]),
  await start('bare node:http', 'http-peer.ts', []),
];
try {
  const rows = servers.map((server) => ({ server, requests: [] as Rate[], streamed: [] as Streamed[] }));
  for (const { server } of rows) {
    await requestRate(server);
    await streamRate(server);
  }
  for (let round = 0; round < Number(flags.rounds); round++) {
    for (const row of rows) {
      row.requests.push(await requestRate(row.server));
      row.streamed.push(await streamRate(row.server));
    }
  }
  const table = rows.map(({ server, requests, streamed }) => ({
    server: server.name,
    'requests/s': whole(median(requests.map((each) => each.perSecond))),
    'requests/core-s': whole(median(requests.map((each) => each.perCoreSecond))),
    'tokens/s': whole(median(streamed.map((each) => each.perSecond))),
    'tokens/core-s': whole(median(streamed.map((each) => each.perCoreSecond))),
    'first token p99 ms': percentile(
      streamed.flatMap((each) => each.firstToken),
      0.99,
    ).toFixed(1),
    'gap p50 ms': percentile(
      streamed.flatMap((each) => each.gaps),
      0.5,
    ).toFixed(2),
    'gap p99 ms': percentile(
      streamed.flatMap((each) => each.gaps),
      0.99,
    ).toFixed(2),
  }));
  // oxlint-disable-next-line no-console
  console.table(Object.fromEntries(table.map(({ server, ...row }) => [server, row])));
} finally {
  agent.destroy();
  for (const { child } of servers) {
    child.kill('SIGTERM');
    if (child.exitCode === null) await once(child, 'exit');
  }
}
