// The first process of a lab's namespaces: sets up the network, starts the control plane, and ends with it. As process 1 of a process
// namespace it takes everything with it, however it ends.
// Usage: supervisor.ts DIRECTORY BINARIES SETTINGS (JSON); descriptor 3 is a socket that listens on the host's loopback, 4 the
// janitor's pipe.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { type IncomingMessage, type ServerResponse, createServer as createHttpServer } from 'node:http';
import { get } from 'node:https';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { network } from './certificates.ts';
import { type Component, type ComponentName, components } from './components.ts';
import { machines } from './real-nodes/machines.ts';
import { nameServerFiles } from './real-nodes/name-server.ts';
import type { RealNodeOrder } from './real-nodes/real-node.ts';
import { type Relay, relay } from './relays.ts';

/** What `startControlPlane` tells its supervisor. */
export interface SupervisorSettings {
  readonly kwok: boolean;
  /** End when standard input ends. */
  readonly owned: boolean;
  readonly issuer?: string;
  readonly nodeGraceSeconds?: number;
  /** Addresses of name servers for what is not of the cluster. */
  readonly upstreamDns: readonly string[];
  /** Of real nodes, below the root of each hierarchy. */
  readonly cgroup: string;
  /** Folder of real nodes' own folders. */
  readonly homes: string;
  readonly outlets: readonly Outlet[];
}

/** An address inside the lab that leads out: each connection to it is carried to a unix socket, where whoever started the lab listens. */
export interface Outlet {
  readonly address: string;
  readonly port: number;
  /** Its path. */
  readonly socket: string;
}

/** An address inside the lab, for an inlet. */
export interface InletTarget {
  readonly host: string;
  readonly port: number;
}

const [directory, binaries, argument] = process.argv.slice(2) as [string, string, string];
const settings = JSON.parse(argument) as SupervisorSettings;
const children = new Map<ComponentName, ChildProcess>();
const stopping = new AbortController();
const all = components(directory, settings);
const realNodes = machines({ directory, ...settings, kube: join(binaries, 'kube'), janitor: 4 });

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

let nameServer = false;

/** Orders about real nodes. False for one that is none. */
async function orderNodes(
  request: IncomingMessage,
  response: ServerResponse,
  name: string | undefined,
): Promise<boolean> {
  if (request.method === 'GET') response.write(JSON.stringify(realNodes.names()));
  else if (request.method === 'DELETE' && name !== undefined) await realNodes.remove(name);
  else if (request.method === 'POST' && name !== undefined) {
    const order = (await json(request)) as RealNodeOrder;
    if (!nameServer) {
      nameServer = true;
      keepRunning('coredns', {
        argv: nameServerFiles(order.coredns, directory, settings.upstreamDns),
        env: process.env,
      });
    }
    await realNodes.add(order);
  } else return false;
  return true;
}

/** By the paths of their unix sockets. */
const inlets = new Map<string, Relay>();

/** Orders about inlets. False for one that is none. */
async function orderInlets(request: IncomingMessage, path: string): Promise<boolean> {
  if (request.method === 'POST') {
    const { host, port } = (await json(request)) as InletTarget;
    const inlet = relay({ host, port });
    await inlet.listen({ path });
    inlets.set(path, inlet);
  } else if (request.method === 'DELETE') {
    const inlet = inlets.get(path);
    inlets.delete(path);
    await inlet?.close();
  } else return false;
  return true;
}

/**
 * `POST /restart/<component>`, `POST /kill/<component>`, `POST /run/<name>` with a program, `POST /nodes/<name>` with a real node,
 * `DELETE /nodes/<name>`, `POST /inlets/<path>` with where it leads, `DELETE /inlets/<path>`, `POST /stop` on a socket in the directory; `GET /` tells what runs, `GET /nodes` which real nodes do.
 */
function listenForOrders(): void {
  const server = createHttpServer((request, response) => {
    const [, order, name] = (request.url ?? '').split('/') as [string, string?, ComponentName?];
    const component = all.find((candidate) => candidate.name === name);
    void (async () => {
      if (order === 'nodes' || order === 'inlets') {
        const known =
          order === 'nodes'
            ? await orderNodes(request, response, name)
            : await orderInlets(request, decodeURIComponent(name ?? ''));
        if (!known) response.statusCode = 404;
        response.end();
        return;
      }
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
    })().catch((error: unknown) => {
      response.statusCode = 500;
      response.end(error instanceof Error ? error.message : String(error));
    });
  });
  server.listen(join(directory, 'orders'));
}

async function openOutlet({ address, port, socket }: Outlet): Promise<void> {
  if (address !== network.address && !address.startsWith('127.')) ip('addr', 'replace', `${address}/32`, 'dev', 'lab0');
  await relay({ path: socket }).listen({ host: address, port });
}

process.once('SIGTERM', () => process.exit(0));
if (settings.owned) {
  // The other end belongs to the process that asked for this lab; when it is gone, so is the lab.
  process.stdin.once('end', () => process.exit(0));
  process.stdin.once('error', () => process.exit(0));
  process.stdin.resume();
}

ip('link', 'set', 'lo', 'up');
ip('link', 'add', 'lab0', 'type', 'bridge');
ip('addr', 'add', `${network.address}/${network.prefix}`, 'dev', 'lab0');
ip('link', 'set', 'lab0', 'up');
// Connections to the host's loopback are carried into this namespace.
await relay({ host: '127.0.0.1', port: network.apiPort }).listen({ fd: 3 });
await Promise.all(settings.outlets.map(openOutlet));
listenForOrders();
for (const component of all.slice(0, 2)) start(component);
await answers('/readyz');
for (const component of all.slice(2)) start(component);
// Without it no pod can be created: the sign that the controller-manager works.
await answers('/api/v1/namespaces/default/serviceaccounts/default');
writeFileSync(join(directory, 'started.new'), new Date().toISOString());
renameSync(join(directory, 'started.new'), join(directory, 'started'));
