import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ControlPlane } from './control-plane.ts';
import { LabError } from './error.ts';
import type { Progress } from './go-programs.ts';
import { azureEnvironment, azureProgram } from './azure-environment.ts';
import { runKaitoPods } from './kaito.ts';
import { run } from './run.ts';
import { succeed } from './succeed.ts';

const azure = fileURLToPath(new URL('../../azure/src', import.meta.url));
const flags = ['--disable-warning=ExperimentalWarning'];

/**
 * Runs the Azure emulator inside the lab, under Azure's own host names, with what a walkthrough begins with: a resource group, a registry with
 * an image, and an AKS cluster with the AI toolchain operator, whose API server is the lab's. Its pods are processes of the lab.
 *
 * @throws LabError where one of these does not come about
 */
export async function startAzure(lab: ControlPlane, progress: Progress): Promise<void> {
  const directory = join(lab.directory, azureProgram);
  const sample = [...flags, join(azure, 'sample/main.ts')];
  // Inside there is no network to build them with.
  await run(process.execPath, [...sample, '--build']);
  if (!existsSync(directory)) {
    progress('starting Azure');
    mkdirSync(directory, { mode: 0o700 });
    const serve = ['serve', '--names=public', '--kubernetes=attached', '--operation-seconds=0.2', directory];
    await lab.run(azureProgram, [process.execPath, ...flags, join(azure, 'main.ts'), ...serve]);
  }
  await answering(lab);
  progress('making a resource group, a registry and an AKS cluster');
  await succeed(lab.exec([process.execPath, ...sample], { stdio: 'pipe' }));
  await runKaitoPods(lab);
}

/** Longest wait for the emulator, ms. */
const patienceMs = 60_000;

async function answering({ directory }: ControlPlane): Promise<void> {
  const began = performance.now();
  while (azureEnvironment(directory) === undefined) {
    if (performance.now() - began > patienceMs) {
      const said = readFileSync(join(directory, `${azureProgram}.log`), 'utf8').trim();
      throw new LabError(`the Azure emulator did not start: ${said.split('\n').at(-1)}`, 'npm run lab -- logs azure');
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
