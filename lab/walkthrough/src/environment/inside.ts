import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, symlinkSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { azureCliVersion } from '@kaito/lab-azure';
import { ensureBinaries } from '@kaito/lab-kubernetes';
import { WalkthroughError } from '../error.ts';
import type { Environment } from '../run/walkthrough.ts';

const checkout = fileURLToPath(new URL('../../../..', import.meta.url)).replace(/\/$/, '');

/** Variables of the emulator's that the terminals see too. */
const passedOn = /^(AZURE_|ARM_|KAITO_|REQUESTS_CA_BUNDLE$|SSL_CERT_FILE$|NODE_EXTRA_CA_CERTS$)/;

/**
 * The environment of a walkthrough, for a process inside the emulator's namespaces that was started with its variables and `az` on PATH, logged
 * in. A home of its own holds ~/.azure and ~/.kube.
 *
 * @throws WalkthroughError outside them
 */
export async function environmentInside(env: NodeJS.ProcessEnv): Promise<Environment> {
  const { KAITO_AZURE_DIRECTORY: azure, AZURE_CONFIG_DIR: login, PATH: path = '' } = env;
  if (azure === undefined || login === undefined)
    throw new WalkthroughError('NoAzure', 'no Azure emulator is around', 'start with npm run walkthrough');
  const directory = join(azure, 'walkthrough');
  const home = join(directory, 'home');
  mkdirSync(home, { recursive: true });
  if (!existsSync(join(home, '.azure'))) symlinkSync(login, join(home, '.azure'));
  const binaries = await ensureBinaries(() => {});
  const kept = Object.entries(env).filter(([name]) => passedOn.test(name) && name !== 'AZURE_CONFIG_DIR');
  return {
    directory,
    variables: {
      ...(Object.fromEntries(kept) as Record<string, string>),
      PATH: [binaries, checkout, path].join(':'),
      KAITO_CHECKOUT: checkout,
      HOME: home,
      LANG: 'C.UTF-8',
      TERM: 'xterm-256color',
      AZURE_CORE_NO_COLOR: 'true',
      // What is built once for all homes.
      XDG_CACHE_HOME: env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'),
    },
    versions: { az: azureCliVersion, kubectl: versionOf(join(binaries, 'kubectl')), node: process.version },
  };
}

function versionOf(kubectl: string): string {
  const text = execFileSync(kubectl, ['version', '--client', '-o', 'json'], { encoding: 'utf8' });
  const { clientVersion } = JSON.parse(text) as { readonly clientVersion: { readonly gitVersion: string } };
  return clientVersion.gitVersion;
}
