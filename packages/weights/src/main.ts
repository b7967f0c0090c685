#!/usr/bin/env node
import { text } from 'node:stream/consumers';
import { runCommand } from './command/run.ts';

const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort(signal));

process.exitCode = await runCommand({
  arguments: process.argv.slice(2),
  environment: process.env,
  stdout: process.stdout,
  stderr: process.stderr,
  readStdin: () => text(process.stdin),
  signal: stop.signal,
  today: Date.now,
});
