import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Deployment } from 'kubernetes-types/apps/v1.js';
import type { PodList } from 'kubernetes-types/core/v1.js';
import type { ControlPlane } from './control-plane.ts';
import { LabError } from './error.ts';
import type { Progress } from './go-programs.ts';
import { addNodes, kubectl } from './nodes.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const namespace = 'kaito-system';
const operator = 'kaito-workspace';
const provisioner = 'provisioner';

/** What a lab with KAITO runs beside the control plane; each has a log. */
export const kaitoPrograms = [operator, provisioner];

/**
 * Installs the chart and runs what its pods stand for: simulated nodes run no program, so the operator is a process inside the lab, with the
 * arguments and environment of its container, the rights of its ServiceAccount, and the addresses of its pods. NodeClaims are fulfilled at once
 * with simulated nodes.
 *
 * @throws LabError with helm's or kubectl's own words
 */
export async function installKaito(lab: ControlPlane, progress: Progress): Promise<void> {
  progress('installing charts/kaito');
  await addNodes(lab, [{ name: 'system-0', instanceType: 'Standard_D4s_v5' }]);
  await helm(lab, [
    'upgrade',
    '--install',
    'kaito',
    join(root, 'charts/kaito'),
    `--namespace=${namespace}`,
    '--create-namespace',
    '--wait',
  ]);
  const within = [`--namespace=${namespace}`];
  const deployment: Deployment = JSON.parse(
    await kubectl(lab, ['get', 'deployment', operator, '-o', 'json', ...within]),
  );
  const { serviceAccountName, containers } = deployment.spec!.template.spec!;
  const token = await kubectl(lab, ['create', 'token', serviceAccountName!, '--duration=720h', ...within]);
  const kubeconfig = join(lab.directory, `${operator}.kubeconfig`);
  writeFileSync(kubeconfig, asUser(await kubectl(lab, ['config', 'view', '--raw', '-o', 'json']), token), {
    mode: 0o600,
  });

  const selector = Object.entries(deployment.spec!.selector.matchLabels!).map(([key, value]) => `${key}=${value}`);
  const pods: PodList = JSON.parse(
    await kubectl(lab, ['get', 'pods', `--selector=${selector.join()}`, '-o', 'json', ...within]),
  );
  for (const { status } of pods.items) {
    await succeed(lab.exec(['ip', 'address', 'add', `${status!.podIP}/32`, 'dev', 'lo'], { stdio: 'pipe' }));
  }
  const container = containers[0]!;
  const environment = Object.fromEntries(
    (container.env ?? []).map(({ name, value, valueFrom }) => [
      name,
      value ?? (valueFrom?.fieldRef?.fieldPath === 'metadata.namespace' ? namespace : pods.items[0]!.metadata!.name!),
    ]),
  );
  progress(`starting ${operator} and a simulated provisioner`);
  const main = join(root, 'packages/workspace/src/main.ts');
  await lab.run(operator, [process.execPath, main, ...(container.args ?? [])], {
    ...environment,
    KUBECONFIG: kubeconfig,
  });
  await lab.run(provisioner, [process.execPath, join(import.meta.dirname, 'simulated-provisioner.ts')]);
  await kubectl(lab, [
    'wait',
    '--for=jsonpath={.webhooks[0].clientConfig.caBundle}',
    'validatingwebhookconfiguration/validation.workspace.kaito.sh',
    '--timeout=60s',
  ]);
}

function asUser(kubeconfig: string, token: string): string {
  const config = JSON.parse(kubeconfig) as { users: { user: object }[] };
  return JSON.stringify({ ...config, users: config.users.map((each) => ({ ...each, user: { token: token.trim() } })) });
}

const helm = (lab: ControlPlane, args: readonly string[]): Promise<void> =>
  succeed(lab.exec(['helm', ...args], { stdio: 'pipe' }));

/** @throws LabError with the last words of the child when it fails */
async function succeed(child: ReturnType<ControlPlane['exec']>): Promise<void> {
  const said: Buffer[] = [];
  child.stdout!.on('data', (chunk: Buffer) => said.push(chunk));
  child.stderr!.on('data', (chunk: Buffer) => said.push(chunk));
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0)
    throw new LabError(Buffer.concat(said).toString().trim(), 'see the message; npm run lab -- logs tells more');
}
