import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { LabError, type Progress, cacheRoot } from '@kaito/lab-kubernetes';

/** The release whose requests `lab/azure` is made and tested for. */
export const azureCliVersion = '2.91.0';

const constraints = fileURLToPath(new URL('constraints.txt', import.meta.url));

/**
 * The folder with `az` alone in it; installed with pip into this project's cache on first use (a minute or two, 0.7 GB), under a key of all that it is
 * made of. Safe to call from several processes at once: the others wait.
 *
 * @throws LabError without Python 3 with venv, and when pip fails.
 */
export async function ensureAzureCli(progress: Progress): Promise<string> {
  const python = await output('python3', ['-c', 'import sys, venv; print(sys.version, sys.prefix)'], () => {
    return new LabError(
      'Python 3 with its venv module was not found; the Azure CLI is installed with it',
      'install python3 and python3-venv, and put python3 on PATH',
    );
  });
  const key = createHash('sha256').update(python).update(azureCliVersion).update(readFileSync(constraints));
  const home = join(cacheRoot(), 'azure-cli', key.digest('hex').slice(0, 16));
  const az = join(home, 'bin', 'az');
  if (existsSync(az)) return join(home, 'bin');
  mkdirSync(join(home, 'bin'), { recursive: true });
  progress(`installing azure-cli ${azureCliVersion} into ${home}`);
  const began = performance.now();
  const telling = setInterval(
    () => progress(`installing azure-cli: ${Math.round((performance.now() - began) / 1000)} s`),
    15_000,
  );
  // The lock is the kernel's: it goes with its holder, however that ends.
  const steps = [
    `[ ! -e bin/az ] || exit 0`,
    `rm -rf venv`,
    `python3 -m venv venv`,
    `venv/bin/python3 -m pip install --quiet --no-input --disable-pip-version-check --constraint "$1" "azure-cli==${azureCliVersion}"`,
  ];
  try {
    await output(
      'flock',
      [join(home, 'lock'), 'sh', '-c', `cd "$0" && ${steps.join(' && ')}`, home, constraints],
      (said) =>
        new LabError(
          `azure-cli ${azureCliVersion} could not be installed:\n${said}`,
          'see whether a Python package index is reachable, then try again',
        ),
    );
  } finally {
    clearInterval(telling);
  }
  // Written last, and at once: where it stands, all stands.
  const unfinished = `${az}.${process.pid}`;
  writeFileSync(unfinished, `#!/bin/sh\nAZ_INSTALLER=PIP exec '${home}/venv/bin/python3' -m azure.cli "$@"\n`);
  chmodSync(unfinished, 0o755);
  renameSync(unfinished, az);
  return join(home, 'bin');
}

async function output(program: string, args: readonly string[], failure: (said: string) => LabError): Promise<string> {
  const child = spawn(program, [...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const said = Promise.all([text(child.stdout), text(child.stderr)]);
  const code = await once(child, 'close').then(
    ([code]) => code as number | null,
    (error: unknown) => String(error),
  );
  const [stdout, stderr] = await said;
  if (code !== 0) throw failure(stderr.trim().split('\n').slice(-20).join('\n') || String(code));
  return stdout;
}
