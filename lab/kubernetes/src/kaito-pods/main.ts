// Runs the programs that the pods of KAITO's chart stand for, since simulated nodes run none: a process for each Deployment, with the arguments,
// environment and volumes of its container, the rights of its ServiceAccount and the addresses of its pods. Their status tells how it fares.
// Usage: main.ts DIRECTORY, inside a lab; logs are DIRECTORY/NAME.log.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import {
  createClient,
  createInformer,
  createTextLogger,
  deployments,
  loadConfig,
  pods,
  systemClock,
} from '@kaito/kube';
import { partOf, partOfLabel } from '@kaito/workspace/neighbour';
import { Workload } from './workload.ts';

const programs: Readonly<Record<string, string>> = {
  'kaito-workspace': fileURLToPath(new URL('../../../../packages/workspace/src/main.ts', import.meta.url)),
  'kaito-gpu-provisioner': fileURLToPath(new URL('../../../../packages/provisioner/src/main.ts', import.meta.url)),
};

const [directory = '.'] = process.argv.slice(2);
const clock = systemClock;
const write = (line: string): void => void process.stderr.write(`${line}\n`);
const logger = createTextLogger({ level: 'info', format: 'text', write, now: () => new Date() });
const client = createClient(loadConfig({ clock, terminal: false }), { clock, logger, userAgent: 'kaito-pods' });
const of = { client, clock, logger, labelSelector: `${partOfLabel}=${partOf}` };
const wanted = createInformer({ ...of, resource: deployments });
const living = createInformer({ ...of, resource: pods });

const administrator = JSON.parse(execFileSync('kubectl', ['config', 'view', '--raw', '-o', 'json']).toString()) as {
  readonly users: readonly { readonly name: string; readonly user: object }[];
};
const kubeconfigOf = (token: string): string =>
  JSON.stringify({ ...administrator, users: administrator.users.map(({ name }) => ({ name, user: { token } })) });
const workloads = Object.entries(programs).map(([name, main]) => ({
  name,
  workload: new Workload({ client, clock, logger, directory, main, kubeconfigOf }),
}));

async function converge(): Promise<void> {
  for (const { name, workload } of workloads) {
    const deployment = wanted.list().find(({ metadata }) => metadata.name === name);
    const its = living
      .list()
      .filter(
        ({ metadata, status }) =>
          metadata.deletionTimestamp === undefined &&
          metadata.labels?.['app.kubernetes.io/name'] === name &&
          metadata.namespace === deployment?.metadata.namespace &&
          status?.podIP !== undefined,
      );
    await workload.converge(deployment, its);
  }
}

let due = false;
let busy: Promise<void> | undefined;

/** One at a time, and once more where something has changed meanwhile. */
function look(): void {
  due = true;
  busy ??= (async () => {
    while (due) {
      due = false;
      await converge().catch((error: unknown) => {
        logger.log('error', 'could not be carried out', { error });
        clock.after(1_000, look);
      });
    }
    busy = undefined;
  })();
}

const stop = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop.abort());
const running = [wanted.run(stop.signal), living.run(stop.signal)];
await Promise.all([wanted.whenSynced(stop.signal), living.whenSynced(stop.signal)]);
for (const informer of [wanted, living]) informer.onChange(look);
await Promise.all(running);
await busy;
for (const { workload } of workloads) await workload.converge(undefined, []);
client.close();
