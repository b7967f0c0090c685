import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { RunningAzure } from '../running-azure.ts';

type Described = Pick<RunningAzure, 'names' | 'endpoint' | 'tenantId' | 'owner'>;

/** The name under which `az` knows the emulator as a cloud. */
const cloudName = 'AzureEmulator';

/** The commands that make `az` use the emulator, in their order; with public names there is no cloud to register. */
export function loginCommands({ names, endpoint, tenantId, owner }: Described): readonly (readonly string[])[] {
  const login = ['login', '--service-principal', '-u', owner.appId, '-p', owner.secret, '--tenant', tenantId];
  if (names === 'public') return [login];
  return [
    ['cloud', 'register', '-n', cloudName, '--endpoint-resource-manager', endpoint],
    ['cloud', 'set', '-n', cloudName],
    login,
  ];
}

/** Logs `az` in as the owner of the first subscription. @param bin folder of `az` */
export async function logIn(azure: Described, bin: string, env: NodeJS.ProcessEnv): Promise<void> {
  const run = promisify(execFile);
  const az = join(bin, 'az');
  const known = azure.names === 'local' && (await run(az, ['cloud', 'list', '-o', 'json'], { env })).stdout;
  const isKnown = typeof known === 'string' && known.includes(`"${cloudName}"`);
  for (const command of loginCommands(azure)) {
    // A cloud of that name is of an earlier start: its address may have changed.
    const given = isKnown && command[1] === 'register' ? ['cloud', 'update', ...command.slice(2)] : command;
    await run(az, [...given], { env });
  }
}
