import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import type { ServerEvent } from './lifecycle/events.ts';

const main = fileURLToPath(new URL('main.ts', import.meta.url));
const children: ChildProcess[] = [];

afterEach(() => {
  for (const child of children.splice(0)) if (child.exitCode === null) child.kill('SIGKILL');
});

interface Run {
  readonly child: ChildProcess;
  readonly events: ServerEvent[];
  readonly stderr: () => string;
  readonly exit: Promise<number | null>;
  /** Waits for an event of this kind (and state). */
  event<T extends ServerEvent['event']>(kind: T, state?: string): Promise<Extract<ServerEvent, { event: T }>>;
}

function start(...argv: string[]): Run {
  const child = spawn(process.execPath, [main, ...argv], { stdio: ['ignore', 'pipe', 'pipe'] });
  children.push(child);
  const events: ServerEvent[] = [];
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (line.startsWith('{')) events.push(JSON.parse(line) as ServerEvent);
  });
  return {
    child,
    events,
    stderr: () => stderr,
    exit: once(child, 'close').then(([code]) => code as number | null),
    event: async (kind, state) => {
      const found = () =>
        events.find(
          (each) => each.event === kind && (state === undefined || ('state' in each && each.state === state)),
        );
      await expect.poll(found, { timeout: 60_000, message: `${kind} ${state ?? ''} ${stderr}` }).toBeDefined();
      return found() as never;
    },
  };
}

const echo = ['--engine', 'echo', '--port', '0'];

describe('the executable', () => {
  it('listens while it loads, gets ready, and drains on SIGTERM', async () => {
    const server = start(...echo, '--echo-load-delay', '2000', '--echo-token-delay', '5', '--drain-timeout', '600');
    const { url } = await server.event('listening');
    const early = await fetch(`${url}/healthz`);
    expect([early.status, await early.json()]).toEqual([503, { status: 'loading' }]);
    const { afterMs } = (await server.event('readiness', 'ready')) as { readonly afterMs: number };
    expect(afterMs).toBeGreaterThanOrEqual(2000);
    expect(await (await fetch(`${url}/healthz`)).json()).toEqual({ status: 'Healthy' });

    const running = await fetch(`${url}/v1/completions`, {
      method: 'POST',
      body: JSON.stringify({ model: 'echo', prompt: 'x'.repeat(300), max_tokens: 300, stream: true }),
    });
    server.child.kill('SIGTERM');
    await server.event('readiness', 'draining');
    const text = await running.text();
    expect(text).toContain('[DONE]');
    expect(text.match(/"text":"x"/g)).toHaveLength(300);
    expect(await server.exit).toBe(0);
    expect(server.events.at(-1)).toEqual({ event: 'drained', aborted: 0 });
  });

  it('tells kept-alive connections that it drains, then closes them', async () => {
    const server = start(...echo, '--echo-token-delay', '5', '--drain-timeout', '600');
    const { port } = await server.event('listening');
    await server.event('readiness', 'ready');
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const post = (body: object) => {
      const sent = request({ port, host: '127.0.0.1', agent, method: 'POST', path: '/v1/completions' });
      sent.end(JSON.stringify({ model: 'echo', ...body }));
      return once(sent, 'response') as Promise<[import('node:http').IncomingMessage]>;
    };
    const [streaming] = await post({ prompt: 'x'.repeat(200), max_tokens: 200, stream: true });
    server.child.kill('SIGTERM');
    await server.event('readiness', 'draining');
    const next = post({ prompt: 'late' }).catch((error: NodeJS.ErrnoException) => error.code);
    streaming.resume();
    await once(streaming, 'end');
    const late = await next;
    if (Array.isArray(late)) expect([late[0].statusCode, late[0].headers.connection]).toEqual([503, 'close']);
    else expect(['ECONNRESET', 'ECONNREFUSED']).toContain(late);
    expect(await server.exit).toBe(0);
    agent.destroy();
  });

  it('cuts short what outlasts the drain timeout, and says so', async () => {
    const server = start(...echo, '--echo-token-delay', '20', '--drain-timeout', '0.2');
    const { url } = await server.event('listening');
    await server.event('readiness', 'ready');
    const running = await fetch(`${url}/v1/completions`, {
      method: 'POST',
      body: JSON.stringify({ model: 'echo', prompt: 'x'.repeat(4000), max_tokens: 4000, stream: true }),
    });
    server.child.kill('SIGINT');
    expect(await running.text()).toContain('server_draining');
    expect(await server.exit).toBe(0);
    expect(server.events.at(-1)).toEqual({ event: 'drained', aborted: 1 });
  });

  it('exits at once on a second signal', async () => {
    const server = start(...echo, '--echo-token-delay', '50');
    const { url } = await server.event('listening');
    await server.event('readiness', 'ready');
    const running = await fetch(`${url}/v1/completions`, {
      method: 'POST',
      body: JSON.stringify({ model: 'echo', prompt: 'x'.repeat(4000), max_tokens: 4000, stream: true }),
    });
    server.child.kill('SIGTERM');
    await server.event('readiness', 'draining');
    server.child.kill('SIGTERM');
    expect(await server.exit).toBe(143);
    await expect(running.text()).rejects.toThrow();
  });

  it('ends cleanly when told so while it loads', async () => {
    const server = start(...echo, '--echo-load-delay', '60000');
    await server.event('readiness', 'loading');
    server.child.kill('SIGTERM');
    expect(await server.exit).toBe(0);
  });

  it('names the port that is in use, and exits 4', async () => {
    const holder = createServer();
    holder.listen(0, '127.0.0.1');
    await once(holder, 'listening');
    const { port } = holder.address() as AddressInfo;
    const server = start('--engine', 'echo', '--port', String(port));
    expect(await server.exit).toBe(4);
    expect(server.events).toEqual([
      {
        event: 'fault',
        code: 'PortInUse',
        message: `Port ${port} on 127.0.0.1 is in use by another process.`,
        remedy: expect.stringContaining('--port') as string,
      },
    ]);
    holder.close();
  });

  it('says that an address is not of this machine, and exits 4', async () => {
    const server = start('--engine', 'echo', '--host', '192.0.2.1', '--port', '0');
    expect(await server.exit).toBe(4);
    expect(server.events[0]).toMatchObject({ event: 'fault', code: 'CannotListen' });
  });

  it('exits 3 for a model that is missing, or no model', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'kaito-server-'));
    const junk = join(folder, 'junk.gguf');
    await writeFile(junk, 'this is no model');
    const runs = [
      ['ModelFileMissing', join(folder, 'none.gguf')],
      ['ModelFileInvalid', junk],
    ] as const;
    for (const [code, model] of runs) {
      const server = start('--model', model, '--port', '0', '--threads', '1');
      expect(await server.exit, server.stderr()).toBe(3);
      expect(server.events.at(-1)).toMatchObject({
        event: 'fault',
        code,
        remedy: expect.stringMatching(/./) as string,
      });
    }
    await rm(folder, { recursive: true });
  });

  it('exits 2 with one line for wrong flags, and 0 for help and version', async () => {
    const wrong = start('--engine', 'echo', '--port', 'x');
    expect(await wrong.exit).toBe(2);
    expect(wrong.stderr().trim().split('\n')).toHaveLength(1);
    const noKey = start(...echo, '--api-key-file', '/nonexistent/key');
    expect(await noKey.exit).toBe(2);
    expect(noKey.stderr()).toContain('--api-key-file');
    expect(await start('--help').exit).toBe(0);
    expect(await start('--version').exit).toBe(0);
  });

  it('warns when it is open to the network without a key', async () => {
    const server = start('--engine', 'echo', '--host', '0.0.0.0', '--port', '0');
    expect(await server.event('warning')).toMatchObject({ code: 'OpenToNetwork' });
    server.child.kill('SIGTERM');
    expect(await server.exit).toBe(0);
  });

  it('lives on when nobody reads its events', async () => {
    const server = start(...echo);
    const { url } = await server.event('listening');
    await server.event('readiness', 'ready');
    server.child.stdout!.destroy();
    expect((await fetch(`${url}/chat`, { method: 'POST', body: '{"prompt":"hi"}' })).status).toBe(200);
    server.child.kill('SIGTERM');
    expect(await server.exit).toBe(0);
  });
});
