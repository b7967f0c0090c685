/**
 * Our server beside llama.cpp's own llama-server: same GGUF, same llama.cpp, same threads, same client.
 * Usage: node bench/llama.ts [--model PATH] [--threads N] [--rounds N] [--tokens N]
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { smollm2Path } from '../packages/server/src/engine/llama/testing/real-model.ts';
import { complete, type Timing } from './completion-client.ts';
import { llamaServerPath } from './llama-server-build.ts';

const { values: flags } = parseArgs({
  options: {
    model: { type: 'string' },
    threads: { type: 'string', default: '1' },
    rounds: { type: 'string', default: '3' },
    tokens: { type: 'string', default: '64' },
  },
});
const model = flags.model ?? (await smollm2Path());
const tokens = Number(flags.tokens);
const slots = 8;
const contextLength = 1024;

interface Server {
  readonly name: string;
  readonly port: number;
  readonly process: ChildProcess;
}

const modelId = path.basename(model, '.gguf');
let serial = 0;

/** A prompt of about `words` words that no other request begins with, so that no cache helps. */
function freshPrompt(words: number): string {
  serial++;
  return `${serial} is the number of this story. ${'The rain fell on the old town and nobody went out. '.repeat(words / 11)}Then`;
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as { port: number };
  probe.close();
  await once(probe, 'close');
  return port;
}

async function start(name: string, command: string, args: (port: number) => string[]): Promise<Server> {
  const port = await freePort();
  // The environment that packages/local gives to the server.
  const child = spawn(command, args(port), { stdio: 'ignore', env: { MALLOC_ARENA_MAX: '1', ...process.env } });
  const server = { name, port, process: child };
  for (;;) {
    if (child.exitCode !== null) throw new Error(`${name} ended with ${child.exitCode}`);
    const ready = await complete(port, modelId, 'Ready?', 2).catch(() => undefined);
    if (ready) return server;
    await sleep(200);
  }
}

/** Physical memory of the process in MB, by field of /proc. */
function memory({ process: { pid } }: Server, field: 'VmRSS' | 'RssAnon'): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return (Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? Number.NaN) * 1024) / 1e6;
}

/** Tokens per second from the first request to the last token, prompts included. */
function totalRate(timings: readonly Timing[]): number {
  const from = Math.min(...timings.map((timing) => timing.sent));
  const to = Math.max(...timings.map((timing) => timing.events.at(-1)!));
  return (timings.reduce((sum, timing) => sum + timing.tokens, 0) / (to - from)) * 1000;
}

/** Tokens per second while every request is past its prompt and none has ended. */
function decodeRate(timings: readonly Timing[]): number {
  const from = Math.max(...timings.map((timing) => timing.events[0]!));
  const to = Math.min(...timings.map((timing) => timing.events.at(-1)!));
  const tokens = timings.flatMap((timing) => timing.events).filter((time) => time > from && time <= to);
  return (tokens.length / (to - from)) * 1000;
}

function firstToken({ sent, events }: Timing): number {
  return events[0]! - sent;
}

const ask = (server: Server, words: number, count: number) => complete(server.port, modelId, freshPrompt(words), count);

/** One kind of measurement; what is measured is small, so that both servers meet the same state of a busy machine. */
const measurements: Readonly<Record<string, (server: Server) => Promise<number>>> = {
  'first token after a short prompt, ms': async (server) => firstToken(await ask(server, 22, 2)),
  'first token after a long prompt, ms': async (server) => firstToken(await ask(server, 220, 2)),
  '1 stream, tokens/s': async (server) => decodeRate([await ask(server, 22, tokens)]),
  '8 streams past their prompts, tokens/s': async (server) => decodeRate(await streams(server)),
  '8 streams with their prompts, tokens/s': async (server) => totalRate(await streams(server)),
  '24 requests over 8 places, tokens/s': async (server) => totalRate(await churn(server)),
};

async function streams(server: Server): Promise<Timing[]> {
  return await Promise.all(Array.from({ length: slots }, () => ask(server, 22, tokens)));
}

async function churn(server: Server): Promise<Timing[]> {
  const timings: Timing[] = [];
  const lengths = Array.from({ length: 24 }, (_, index) => 16 + ((index * 37) % tokens));
  const worker = async () => {
    for (let count = lengths.pop(); count !== undefined; count = lengths.pop())
      timings.push(await ask(server, 22, count));
  };
  await Promise.all(Array.from({ length: slots }, worker));
  return timings;
}

const write = (text: string) => process.stdout.write(text);

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)]!;
}

const nativeServer = llamaServerPath();
const main = path.resolve(import.meta.dirname, '../packages/server/src/main.ts');
const { threads } = flags;
const servers: Server[] = [];
try {
  servers.push(
    await start('llama-server', nativeServer, (port) =>
      [
        `--model ${model} --alias ${modelId} --host 127.0.0.1 --port ${port}`,
        `--ctx-size ${contextLength * slots} --parallel ${slots} --cache-ram 0`,
        `--threads ${threads} --threads-batch ${threads} --gpu-layers 0 --log-disable`,
      ].flatMap((line) => line.split(' ')),
    ),
    await start('ours', process.execPath, (port) =>
      [
        `--max-semi-space-size=1 ${main} --model ${model} --model-id ${modelId} --port ${port} --gpu-layers 0`,
        `--context-length ${contextLength} --parallel ${slots} --threads ${threads}`,
      ].flatMap((line) => line.split(' ')),
    ),
  );
  const row = (key: string, [theirs, ours]: readonly number[]) => {
    const cells = [theirs!.toFixed(1), ours!.toFixed(1), (ours! / theirs!).toFixed(2), (ours! - theirs!).toFixed(1)];
    write(`| ${key} | ${cells.join(' | ')} |\n`);
  };
  // A server that has answered before: its JavaScript is compiled, its memory touched.
  for (const server of servers) {
    for (let i = 0; i < 10; i++) await ask(server, 22, 4);
    await streams(server);
  }
  write(`${path.basename(model)}, ${threads} thread(s), medians of ${flags.rounds} alternating runs\n\n`);
  write('| | llama-server | ours | ratio | difference |\n|---|---|---|---|---|\n');
  for (const [key, measure] of Object.entries(measurements)) {
    const figures: number[][] = servers.map(() => []);
    // The quick ones need more runs for a steady median.
    const runs = Number(flags.rounds) * (key.startsWith('8') || key.startsWith('24') ? 1 : 4);
    for (let run = 0; run < runs; run++)
      for (const index of run % 2 ? [1, 0] : [0, 1]) figures[index]!.push(await measure(servers[index]!));
    row(key, figures.map(median));
  }
  row(
    'physical memory, MB',
    servers.map((server) => memory(server, 'VmRSS')),
  );
  row(
    'of it not backed by a file, MB',
    servers.map((server) => memory(server, 'RssAnon')),
  );
} finally {
  for (const server of servers) server.process.kill('SIGTERM');
  await Promise.all(servers.map(({ process: child }) => child.exitCode ?? once(child, 'exit')));
}
