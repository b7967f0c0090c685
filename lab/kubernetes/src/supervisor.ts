// The first process of a lab's namespaces: sets up the network, starts the control plane, and ends with it. As process 1 of a process
// namespace it takes everything with it, however it ends.
// Usage: supervisor.ts DIRECTORY BINARIES KWOK(0|1) OWNED(0|1) [ISSUER]; descriptor 3 is a socket that listens on the host's loopback.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { get } from 'node:https';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { network } from './certificates.ts';
import { type Component, type ComponentName, components } from './components.ts';

const [directory, binaries, kwok, owned, issuer] = process.argv.slice(2) as [string, string, string, string, string?];
const children = new Map<ComponentName, ChildProcess>();
const stopping = new AbortController();
const all = components(directory, { kwok: kwok === '1', ...(issuer !== undefined && { issuer }) });

function ip(...args: string[]): void {
  execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'inherit'] });
}

function start(component: Component): void {
  const log = openSync(join(directory, `${component.name}.log`), 'a');
  const args = component.binary === 'kube' ? [component.name, ...component.args] : component.args;
  const child = spawn(join(binaries, component.binary), args, { cwd: directory, stdio: ['ignore', log, log] });
  closeSync(log);
  children.set(component.name, child);
  child.once('exit', (code, signal) => {
    if (children.get(component.name) === child) children.delete(component.name);
    if (stopping.signal.aborted || expected.delete(child)) return;
    fail(`${component.name} ended unasked (${signal ?? `exit code ${code}`}); see ${directory}/${component.name}.log`);
  });
}

/** Ends that were asked for. */
const expected = new WeakSet<ChildProcess>();

async function end(name: ComponentName): Promise<void> {
  const child = children.get(name);
  if (child === undefined) return;
  expected.add(child);
  const gone = once(child, 'exit');
  // After SIGTERM the API server holds its port for a while.
  child.kill('SIGKILL');
  await gone;
}

function fail(message: string): never {
  writeFileSync(join(directory, 'failure'), message);
  process.exit(1);
}

const [authority, cert, key] = ['ca.crt', 'admin.crt', 'admin.key'].map((file) =>
  readFileSync(join(directory, 'pki', file)),
);

/** Resolves when the API server answers 200 to a GET of `path` by the administrator. */
async function answers(path: string): Promise<void> {
  for (;;) {
    const ready = await new Promise<boolean>((resolve) => {
      const request = get(
        { host: '127.0.0.1', port: network.apiPort, path, ca: authority, cert, key, timeout: 2_000 },
        (answer) => {
          answer.resume();
          answer.once('end', () => resolve(answer.statusCode === 200));
        },
      );
      request.once('timeout', () => request.destroy());
      request.once('error', () => resolve(false));
    });
    if (ready) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

interface Program {
  readonly argv: readonly [string, ...string[]];
  readonly env: NodeJS.ProcessEnv;
}

/** Runs a program in here until the lab ends; one that ends is started again after a second, as a container of a pod is. */
function keepRunning(name: string, program: Program): void {
  const log = openSync(join(directory, `${name}.log`), 'a');
  const [file, ...args] = program.argv;
  const child = spawn(file, args, { cwd: directory, env: program.env, stdio: ['ignore', log, log] });
  closeSync(log);
  const again = (): unknown => setTimeout(() => keepRunning(name, program), 1000);
  child.once('error', again);
  child.once('exit', again);
}

/**
 * `POST /restart/<component>`, `POST /kill/<component>`, `POST /run/<name>` with a program, `POST /stop` on a socket in the directory;
 * `GET /` tells what runs.
 */
function listenForOrders(): void {
  const server = createHttpServer((request, response) => {
    const [, order, name] = (request.url ?? '').split('/') as [string, string?, ComponentName?];
    const component = all.find((candidate) => candidate.name === name);
    void (async () => {
      if (request.method === 'GET') {
        response.end(JSON.stringify(Object.fromEntries([...children].map(([key, child]) => [key, child.pid]))));
        return;
      }
      if (order === 'stop') {
        stopping.abort();
        response.end();
        process.exit(0);
      }
      if (order === 'run' && name !== undefined) keepRunning(name, (await json(request)) as Program);
      else if (component === undefined) response.statusCode = 404;
      else {
        await end(component.name);
        if (order === 'restart') {
          start(component);
          if (component.name === 'kube-apiserver') await answers('/readyz');
        }
      }
      response.end();
    })();
  });
  server.listen(join(directory, 'orders'));
}

/** Carries connections from the host's loopback into this namespace. */
function forward(): void {
  const server = createServer({ pauseOnConnect: true }, (outside) => {
    const inside = connect(network.apiPort, '127.0.0.1');
    for (const socket of [outside, inside]) socket.on('error', () => {});
    outside.once('close', () => inside.destroy());
    inside.once('close', () => outside.destroy());
    outside.pipe(inside).pipe(outside);
  });
  server.listen({ fd: 3 });
}

process.once('SIGTERM', () => process.exit(0));
if (owned === '1') {
  // The other end belongs to the process that asked for this lab; when it is gone, so is the lab.
  process.stdin.once('end', () => process.exit(0));
  process.stdin.once('error', () => process.exit(0));
  process.stdin.resume();
}

ip('link', 'set', 'lo', 'up');
ip('link', 'add', 'lab0', 'type', 'bridge');
ip('addr', 'add', `${network.address}/${network.prefix}`, 'dev', 'lab0');
ip('link', 'set', 'lab0', 'up');
forward();
listenForOrders();
for (const component of all.slice(0, 2)) start(component);
await answers('/readyz');
for (const component of all.slice(2)) start(component);
// Without it no pod can be created: the sign that the controller-manager works.
await answers('/api/v1/namespaces/default/serviceaccounts/default');
writeFileSync(join(directory, 'started.new'), new Date().toISOString());
renameSync(join(directory, 'started.new'), join(directory, 'started'));
