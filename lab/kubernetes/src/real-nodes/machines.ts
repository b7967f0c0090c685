import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { network } from '../certificates.ts';
import { LabError } from '../error.ts';
import { run } from '../run.ts';
import { mostRealNodes, nextNumber, nodeAddresses } from './addresses.ts';
import { writeNodeFiles } from './configuration.ts';
import type { RealNodeOrder } from './real-node.ts';
import { nodeIsolation } from './requirements.ts';

const script = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

const ip = (...args: readonly string[]): void =>
  void execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'inherit'] });

/** Lets a device send so many megabits a second. */
async function limit(device: string, mbit: number): Promise<void> {
  const rate = ['rate', `${mbit}mbit`, 'burst', '256kb', 'latency', '50ms'];
  await run('tc', ['qdisc', 'add', 'dev', device, 'root', 'tbf', ...rate]);
}

/** What pods of one node send to those of another comes over here; nobody is told of a shorter way, which would outlive the node. */
function forwardBetweenNodes(): void {
  const settings = '/proc/sys/net/ipv4';
  writeFileSync(`${settings}/ip_forward`, '1');
  for (const device of ['all', 'lab0']) writeFileSync(`${settings}/conf/${device}/send_redirects`, '0');
}

/** The real nodes of a lab, as its supervisor has them. */
export interface Machines {
  /** Resolves when its programs are starting. @throws LabError where a node of this name runs. */
  add(order: RealNodeOrder): Promise<void>;
  /** Ends all its processes at once, as a machine that loses its power; resolves when nothing is left of it. False where none of this name runs. */
  remove(name: string): Promise<boolean>;
  /** Names of those that run. */
  names(): readonly string[];
}

interface Machine {
  readonly number: number;
  /** Process 1 of its namespaces has unshare for a parent. */
  parent?: ChildProcess;
  /** Settles when its programs are starting. */
  starting: Promise<void>;
  /** Resolves when nothing is left. */
  gone: Promise<void>;
}

/**
 * @param lab the lab's folder, the folder of the nodes' own folders, the cgroup of the nodes' cgroups (below each hierarchy's root), the program
 * with kubelet and kube-proxy, and the descriptor of the janitor's pipe
 */
export function machines(lab: {
  readonly directory: string;
  readonly homes: string;
  readonly cgroup: string;
  readonly kube: string;
  readonly janitor: number;
}): Machines {
  const running = new Map<string, Machine>();
  let last = 0;

  /** Services are reached from the lab's own namespace by way of any node: kube-proxy runs on each. */
  function routeServices(): void {
    const way = [...running.values()].find(({ parent }) => parent !== undefined);
    if (way === undefined) return;
    for (const range of [network.services, network.loadBalancers]) {
      ip('route', 'replace', range, 'via', nodeAddresses(way.number).address);
    }
  }

  async function start(machine: Machine, home: string, order: RealNodeOrder): Promise<void> {
    const { name, diskGiB, downloadMbit, registry = {} } = order.node;
    const addresses = nodeAddresses(machine.number);
    const cgroup = `${lab.cgroup}/${name}`;
    await writeNodeFiles({ home, pki: join(lab.directory, 'pki'), cgroup, addresses }, order);
    const provider = registry.credentialProvider;
    const log = openSync(join(lab.directory, `${name}.log`), 'a');
    const parent = spawn('unshare', [...nodeIsolation, 'sh', script('boot.sh')], {
      cwd: '/',
      // The janitor comes when nothing of a node holds its pipe any more: what still starts would make cgroups behind its back.
      stdio: ['pipe', log, log, lab.janitor],
      env: {
        ...order.environment,
        ...(registry.authorities !== undefined && { SSL_CERT_FILE: '/run/node/authorities.crt' }),
        NODE_NAME: name,
        NODE_ADDRESS: `${addresses.address}/${network.prefix}`,
        NODE_GATEWAY: network.address,
        NODE_HOME: home,
        NODE_CGROUP: cgroup,
        NODE_KUBE: lab.kube,
        NODE_LOG: join(lab.directory, name),
        NODE_DISK_GIB: diskGiB === undefined ? '' : String(diskGiB),
        NODE_KUBELET_FLAGS:
          provider === undefined
            ? ''
            : `--image-credential-provider-config=${provider.config} --image-credential-provider-bin-dir=${provider.folder}`,
      },
    });
    closeSync(log);
    const { pid } = parent;
    if (pid === undefined) throw (await once(parent, 'error'))[0];
    machine.parent = parent;
    machine.gone = once(parent, 'exit').then(() => clear(name, machine, home));
    // Nobody may wait for it; the lab goes on.
    machine.gone.catch((error: unknown) => process.stderr.write(`${name} is not wholly removed: ${String(error)}\n`));
    // unshare is in the new network namespace before it starts anything.
    const outside = readlinkSync('/proc/self/ns/net');
    while (readlinkSync(`/proc/${pid}/ns/net`) === outside) await new Promise((resolve) => setTimeout(resolve, 5));
    ip('link', 'add', addresses.link, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', String(pid));
    ip('link', 'set', addresses.link, 'master', 'lab0', 'up');
    if (downloadMbit !== undefined) await limit(addresses.link, downloadMbit);
    ip('route', 'replace', addresses.pods, 'via', addresses.address);
    routeServices();
    // An end before this is told by `gone`.
    parent.stdin?.on('error', () => {});
    parent.stdin?.end('\n');
  }

  async function clear(name: string, machine: Machine, home: string): Promise<void> {
    delete machine.parent;
    const { link, pods } = nodeAddresses(machine.number);
    // They may have gone with the node's own namespace.
    await run('ip', ['route', 'del', pods]).catch(() => {});
    await run('ip', ['link', 'del', link]).catch(() => {});
    try {
      routeServices();
      await run('sh', [script('remove-cgroups.sh'), `${lab.cgroup}/${name}`]);
      await rm(home, { recursive: true, force: true, maxRetries: 10 });
    } finally {
      running.delete(name);
    }
  }

  return {
    names: () => [...running.keys()],
    async add(order) {
      const { name } = order.node;
      forwardBetweenNodes();
      if (running.has(name)) throw new LabError(`a node named ${name} runs`, 'choose another name, or remove it first');
      const taken = new Set([...running.values()].map(({ number }) => number));
      const number = nextNumber(last, taken);
      if (number === undefined) throw new LabError(`a lab has ${mostRealNodes} real nodes at most`, 'remove some');
      last = number;
      const machine: Machine = { number, starting: Promise.resolve(), gone: Promise.resolve() };
      running.set(name, machine);
      const home = join(lab.homes, name);
      mkdirSync(home, { recursive: true });
      machine.starting = start(machine, home, order);
      try {
        await machine.starting;
      } catch (error) {
        machine.parent?.kill('SIGKILL');
        await (machine.parent === undefined ? clear(name, machine, home) : machine.gone);
        throw error;
      }
    },
    async remove(name) {
      const machine = running.get(name);
      if (machine === undefined) return false;
      await machine.starting.catch(() => {});
      const { parent, gone } = machine;
      if (parent?.pid !== undefined) {
        // With process 1 of a process namespace end all others in it, and its parent hears of it when they are gone.
        const inside = readFileSync(`/proc/${parent.pid}/task/${parent.pid}/children`, 'utf8').trim();
        process.kill(inside === '' ? parent.pid : Number(inside), 'SIGKILL');
      }
      await gone;
      return true;
    },
  };
}
