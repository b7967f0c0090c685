import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ControlPlane } from './control-plane.ts';
import type { Progress } from './go-programs.ts';
import { addNodes, kubectl } from './nodes.ts';
import { succeed } from './succeed.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const namespace = 'kaito-system';
const provisioner = 'provisioner';
const kaitoPods = 'kaito-pods';

/** What a lab with KAITO runs beside the control plane; each has a log. */
export const kaitoPrograms = ['kaito-workspace', 'kaito-gpu-provisioner', provisioner, kaitoPods];

/**
 * Installs the chart and runs what its pods stand for. NodeClaims are fulfilled at once with simulated nodes.
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
  progress('starting KAITO and a simulated provisioner');
  await runKaitoPods(lab);
  await runOnce(lab, provisioner, [join(import.meta.dirname, 'simulated-provisioner.ts')]);
}

/**
 * Runs whatever KAITO's chart has installed, or will: simulated nodes run no program. Resolves when Workspaces can be made.
 *
 * @throws LabError with kubectl's own words
 */
export async function runKaitoPods(lab: ControlPlane): Promise<void> {
  await runOnce(lab, kaitoPods, [join(import.meta.dirname, 'kaito-pods/main.ts'), lab.directory]);
  await kubectl(lab, [
    'wait',
    '--for=jsonpath={.webhooks[0].clientConfig.caBundle}',
    'validatingwebhookconfiguration/validation.workspace.kaito.sh',
    '--timeout=60s',
  ]);
  const operator = ['--all-namespaces', '--selector=app.kubernetes.io/name=kaito-workspace'];
  await kubectl(lab, ['wait', '--for=condition=Available', 'deployment', ...operator, '--timeout=60s']);
}

/** Keeps a script of Node's running inside the lab, unless it does already. */
async function runOnce(lab: ControlPlane, name: string, argv: readonly string[]): Promise<void> {
  if (existsSync(join(lab.directory, `${name}.log`))) return;
  await lab.run(name, [process.execPath, '--disable-warning=ExperimentalWarning', ...argv]);
}

const helm = (lab: ControlPlane, args: readonly string[]): Promise<void> =>
  succeed(lab.exec(['helm', ...args], { stdio: 'pipe' }));
