/**
 * The peer of bench/http.ts: the same echo in bare node:http, without checks, routes, limits or metrics. Prints the same listening event as
 * our server.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate } from 'node:timers/promises';

let step: Promise<unknown> | undefined;
const nextStep = () =>
  (step ??= setImmediate().finally(() => {
    step = undefined;
  }));

const server = createServer((incoming, outgoing) => {
  const chunks: Buffer[] = [];
  incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
  incoming.on('end', () => {
    const body = JSON.parse(Buffer.concat(chunks).toString()) as {
      prompt: string;
      max_tokens?: number;
      stream?: boolean;
    };
    void answer(body, outgoing);
  });
});

async function answer(
  body: { prompt: string; max_tokens?: number; stream?: boolean },
  outgoing: import('node:http').ServerResponse,
): Promise<void> {
  const tokens = Buffer.from(body.prompt);
  if (body.stream !== true) {
    for (let count = 0; count < tokens.length; count++) await nextStep();
    const text = JSON.stringify({ Result: `${body.prompt}\n\n${tokens.toString()}` });
    outgoing.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) });
    outgoing.end(text);
    return;
  }
  outgoing.writeHead(200, { 'Content-Type': 'text/event-stream' });
  const head = { id: 'cmpl-1', object: 'text_completion', created: 1, model: 'echo' };
  for (let count = 0; count < (body.max_tokens ?? 16); count++) {
    await nextStep();
    const text = String.fromCharCode(tokens[count % tokens.length]!);
    const chunk = { ...head, choices: [{ index: 0, text, logprobs: null, finish_reason: null }] };
    outgoing.write(`data: ${JSON.stringify(chunk)}\n\n`);
  }
  outgoing.end('data: [DONE]\n\n');
}

server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  process.stdout.write(
    `${JSON.stringify({ event: 'listening', port })}\n${JSON.stringify({ event: 'readiness', state: 'ready' })}\n`,
  );
});
process.on('SIGTERM', () => process.exit());
