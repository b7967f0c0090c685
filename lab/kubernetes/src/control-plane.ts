import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { azureEnvironment } from './azure-environment.ts';
import { ensureBinaries } from './binaries.ts';
import { kubeconfig, makeCertificates, network } from './certificates.ts';
import { type ComponentName, componentNames } from './components.ts';
import { LabError } from './error.ts';
import type { Progress } from './go-programs.ts';
import { order } from './orders.ts';
import { podStages } from './pod-stages.ts';
import { run } from './run.ts';
import type { InletTarget, Outlet, SupervisorSettings } from './supervisor.ts';

/** A control plane that runs. */
export interface ControlPlane {
  readonly directory: string;
  /** For programs inside the namespace. */
  readonly kubeconfig: string;
  /** For programs on the host: the API server on its loopback. */
  readonly hostKubeconfig: string;
  /** Folder of kube, kubectl, helm and kwok. */
  readonly binaries: string;
  /** Where it is found inside the namespace. */
  readonly address: string;
  /**
   * Starts a program inside the network namespace, with KUBECONFIG and PATH set; everything else is the caller's. Where the lab has an Azure,
   * its host names are there too, and the program is its owner.
   */
  exec(
    argv: readonly string[],
    options?: { readonly stdio?: 'inherit' | 'pipe'; readonly env?: NodeJS.ProcessEnv },
  ): ChildProcess;
  /** Keeps a program running inside until the lab ends; its output is the log `name`. */
  run(name: string, argv: readonly [string, ...string[]], env?: NodeJS.ProcessEnv): Promise<void>;
  /** SIGKILLs a component and starts it again; resolves when the API server is ready once more. */
  restart(component: ComponentName): Promise<void>;
  /** SIGKILLs a component and leaves it down. */
  kill(component: ComponentName): Promise<void>;
  /** The components that run. */
  components(): Promise<readonly ComponentName[]>;
  /** Listens on a unix socket (its path), and carries each connection to an address inside: a ClusterIP, a pod, a node. Until closed or the lab ends. */
  inlet(socket: string, to: { readonly host: string; readonly port: number }): Promise<void>;
  /** Breaks its connections; one that is closed is no error. */
  closeInlet(socket: string): Promise<void>;
  /** Ends every process; removes the directory. */
  stop(): Promise<void>;
}

export interface ControlPlaneOptions {
  /** Where its state lies; default: a new folder under the system's one for temporary files. */
  readonly directory?: string;
  /** Simulated nodes; default true. */
  readonly kwok?: boolean;
  /** Outlive the calling process; default false: it ends when the caller ends, even by SIGKILL. */
  readonly detached?: boolean;
  /** The https URL that ServiceAccount tokens are issued by; default: the API server's address inside the namespace. */
  readonly issuer?: string;
  /** After how many seconds without a sign of life a node is NotReady; default: Kubernetes' 50. */
  readonly nodeGraceSeconds?: number;
  /** Addresses inside the lab's namespace whom pods' and real nodes' questions for names outside the cluster go to; default: there are no such names. */
  readonly upstreamDns?: readonly string[];
  /**
   * Addresses inside the lab that lead out: each connection to one is carried to a unix socket, where whoever started the lab listens. The lab's own
   * address may be one, on a port that it has free; others become addresses of the lab, which pods and real nodes reach too.
   */
  readonly outlets?: readonly Outlet[];
  readonly progress?: Progress;
}

const root = process.getuid?.() === 0;

/** unshare's flags for namespaces of one's own; without root they need a user namespace around them. */
const isolation = [
  ...(root ? [] : ['--user', '--map-root-user']),
  '--net',
  '--pid',
  '--fork',
  '--kill-child',
  '--mount-proc',
];

/** @throws LabError where this machine allows no network namespaces, or lacks a program that a lab is set up with. */
export async function checkNamespaces(): Promise<void> {
  try {
    await run('unshare', [...isolation, 'ip', 'link', 'set', 'lo', 'up']);
    await run('openssl', ['version']);
    await run('nsenter', ['--version']);
  } catch (error) {
    throw new LabError(
      `this machine cannot have a lab: ${error instanceof Error ? error.message : String(error)}`,
      root
        ? 'a lab needs Linux with unshare, nsenter (util-linux), ip (iproute2) and openssl'
        : 'run it as root, or allow user namespaces (sysctl kernel.unprivileged_userns_clone=1)',
      { cause: error },
    );
  }
}

/**
 * Starts etcd, API server, controller-manager, scheduler and kwok in network, process and mount namespaces of their own.
 *
 * @throws LabError where namespaces are not allowed or a component does not start.
 */
export async function startControlPlane(options: ControlPlaneOptions = {}): Promise<ControlPlane> {
  const progress = options.progress ?? ((): void => {});
  const binaries = await ensureBinaries(progress);
  const directory = options.directory ?? mkdtempSync(join(tmpdir(), 'kaito-lab-'));
  // What a lab left that ended with its machine would be taken for signs of this one.
  if (runsIn(directory))
    throw new LabError(`a control plane runs in ${directory}`, 'end it first: npm run lab -- down');
  if (existsSync(join(directory, 'binaries'))) rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  const pki = join(directory, 'pki');
  await makeCertificates(pki);
  const listener = createServer();
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address() as { port: number };
  const inside = `https://${network.address}:${network.apiPort}`;
  for (const user of ['admin', 'controller-manager', 'scheduler']) {
    writeFileSync(join(directory, `${user}.kubeconfig`), kubeconfig(pki, user, inside, 'kaito-lab'), { mode: 0o600 });
  }
  writeFileSync(
    join(directory, 'host.kubeconfig'),
    kubeconfig(pki, 'admin', `https://127.0.0.1:${port}`, 'kaito-lab'),
    { mode: 0o600 },
  );
  writeFileSync(join(directory, 'pod-stages.yaml'), podStages());
  writeFileSync(join(directory, 'binaries'), binaries);

  const mark = randomBytes(4).toString('hex');
  const settings: SupervisorSettings = {
    kwok: options.kwok !== false,
    owned: options.detached !== true,
    ...(options.issuer !== undefined && { issuer: options.issuer }),
    ...(options.nodeGraceSeconds !== undefined && { nodeGraceSeconds: options.nodeGraceSeconds }),
    upstreamDns: options.upstreamDns ?? [],
    cgroup: `/kaito-lab-${mark}`,
    homes: join(directory, `nodes-${mark}`),
    outlets: (options.outlets ?? []).map((outlet) => ({ ...outlet, socket: resolve(outlet.socket) })),
  };
  const janitor = startJanitor(directory, settings, options.directory === undefined);
  const detached = options.detached === true;
  const supervisor = fileURLToPath(new URL('supervisor.ts', import.meta.url));
  const log = join(directory, 'supervisor.log');
  // The socket's descriptor goes on to the supervisor: made out here, it listens on the host's loopback and serves from inside.
  // eslint-disable-next-line no-underscore-dangle -- Node offers no other way to a listening socket's descriptor
  const socket = (listener as unknown as { readonly _handle: { readonly fd: number } })._handle.fd;
  const output = openSync(log, 'w');
  const child = spawn(
    'unshare',
    [
      ...isolation,
      process.execPath,
      '--disable-warning=ExperimentalWarning',
      supervisor,
      directory,
      binaries,
      JSON.stringify(settings),
    ],
    { detached, stdio: [detached ? 'ignore' : 'pipe', output, output, socket, janitor.stdin] },
  );
  janitor.stdin.destroy();
  closeSync(output);
  listener.close();
  if (detached) child.unref();
  // It is closed when the supervisor ends.
  child.stdin?.on('error', () => {});
  try {
    await started(child, directory, janitor.pid);
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  }
  return attach(directory);
}

/**
 * Starts the process that removes what a lab leaves outside its namespaces: cgroups and files. It does so when nobody holds the other end of
 * its standard input any more: the lab's processes shall.
 */
function startJanitor(directory: string, { cgroup, homes }: SupervisorSettings, temporary: boolean) {
  const script = fileURLToPath(new URL('real-nodes/janitor.sh', import.meta.url));
  const janitor = spawn('sh', [script, cgroup, homes, directory, temporary ? '1' : '0'], {
    cwd: '/',
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  janitor.unref();
  return janitor;
}

/** Resolves when the supervisor says that all is up. */
async function started(child: ChildProcess, directory: string, janitor: number | undefined): Promise<void> {
  let ended: string | undefined;
  child.once('error', (error) => (ended = error.message));
  child.once('exit', (code, signal) => (ended = signal ?? `exit code ${code}`));
  for (;;) {
    if (existsSync(join(directory, 'started'))) break;
    if (ended !== undefined) {
      const said = [join(directory, 'failure'), join(directory, 'supervisor.log')]
        .map((file) => (existsSync(file) ? readFileSync(file, 'utf8').trim() : ''))
        .find((text) => text !== '');
      throw new LabError(
        `the control plane did not start (${ended})${said === undefined ? '' : `: ${said}`}`,
        root
          ? `read the logs in ${directory}`
          : 'run it as root, or allow user namespaces (sysctl user.max_user_namespaces, kernel.unprivileged_userns_clone)',
      );
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  // The process inside, as the host sees it: its namespaces are entered by this number.
  const inside = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim().split(' ')[0];
  writeFileSync(join(directory, 'pids'), `${child.pid} ${inside} ${janitor}`);
}

/** The control plane whose state lies in `directory`. @throws LabError when it does not run. */
export function attach(directory: string): ControlPlane {
  const [outer, inner, janitor] = processes(directory);
  if (outer === undefined || inner === undefined || !runsIn(directory)) {
    throw new LabError(`no control plane runs in ${directory}`, 'start one: npm run lab -- up');
  }
  const binaries = readFileSync(join(directory, 'binaries'), 'utf8');
  const config = join(directory, 'admin.kubeconfig');
  const environment = (): NodeJS.ProcessEnv => ({
    ...process.env,
    KUBECONFIG: config,
    KAITO_LAB_DIRECTORY: directory,
    PATH: `${binaries}:${process.env['PATH']}`,
  });
  return {
    directory,
    binaries,
    kubeconfig: config,
    hostKubeconfig: join(directory, 'host.kubeconfig'),
    address: network.address,
    exec(argv, { stdio = 'inherit', env } = {}) {
      const user = root ? [] : ['--user', '--preserve-credentials'];
      const azure = azureEnvironment(directory);
      const joined = ['--net', ...(azure === undefined ? [] : ['--mount', '--pid'])];
      // In another process namespace nsenter has a child, and hands no signal on to it; in another mount namespace one begins at the root.
      const around = azure === undefined ? [] : ['setpriv', '--pdeathsig=TERM', 'env', `--chdir=${process.cwd()}`];
      return spawn('nsenter', [`--target=${inner}`, ...user, ...joined, '--', ...around, ...argv], {
        stdio,
        env: { ...environment(), ...azure, ...env },
      });
    },
    async run(name, argv, env) {
      await order(directory, `/run/${name}`, { body: { argv, env: { ...environment(), ...env } } });
    },
    restart: async (component) => void (await order(directory, `/restart/${component}`)),
    kill: async (component) => void (await order(directory, `/kill/${component}`)),
    inlet: async (socket, { host, port }) => {
      const body: InletTarget = { host, port };
      await order(directory, inletOrder(socket), { body });
    },
    closeInlet: async (socket) => void (await order(directory, inletOrder(socket), { method: 'DELETE' })),
    async components() {
      const pids = JSON.parse(await order(directory, '/', { method: 'GET' })) as Record<ComponentName, number>;
      return componentNames.filter((name) => name in pids);
    },
    async stop() {
      try {
        process.kill(inner, 'SIGKILL');
      } catch {
        // It is gone already.
      }
      while ([inner, outer, janitor].some(runs)) await new Promise((resolve) => setTimeout(resolve, 10));
      rmSync(directory, { recursive: true, force: true, maxRetries: 10 });
    },
  };
}

const inletOrder = (socket: string): string => `/inlets/${encodeURIComponent(resolve(socket))}`;

/** False too for a process that has ended and that its parent has not looked at yet. */
function runs(pid: number | undefined): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

/** Numbers of unshare, of the supervisor and of the janitor, as the host sees them; empty where no lab was started. */
function processes(directory: string): number[] {
  const file = join(directory, 'pids');
  return existsSync(file) ? readFileSync(file, 'utf8').split(' ').map(Number) : [];
}

/** Whether the lab of `directory` lives. */
export function runsIn(directory: string): boolean {
  const pid = processes(directory)[1];
  if (pid === undefined) return false;
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(directory);
  } catch {
    return false;
  }
}

/** Folders of the labs that were started by name, whether they run or not. */
export function namedDirectories(home: string): readonly string[] {
  return existsSync(home) ? readdirSync(home).toSorted() : [];
}
