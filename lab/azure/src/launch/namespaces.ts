import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LabError } from '@kaito/lab-kubernetes';
import { hostsFile } from '../clouds/hosts-file.ts';

const isRoot = process.getuid?.() === 0;

/** Whether this process already is in a namespace of the lab's, whose network it must keep to reach the lab's API server. */
const insideLab = (): boolean => process.env['KAITO_LAB_DIRECTORY'] !== undefined;

/** Where machines find their metadata service. */
const metadataAddress = '169.254.169.254';

/** `unshare` and its flags, for a program that is to see Azure's public host names lead to itself. What it starts ends with it; `unshare` itself heeds no signal that asks it to end. */
export function isolated(argv: readonly string[]): readonly [string, ...string[]] {
  return [
    'unshare',
    ...(isRoot ? [] : ['--user', '--map-root-user']),
    ...(insideLab() ? [] : ['--net']),
    '--mount',
    '--pid',
    '--fork',
    '--kill-child',
    '--mount-proc',
    '--',
    ...argv,
  ];
}

/** `nsenter` and its flags, for a program that is to join them. @param pid a process inside, as seen from here */
export function joining(pid: number, argv: readonly string[]): readonly [string, ...string[]] {
  const user = isRoot ? [] : ['--user', '--preserve-credentials'];
  // nsenter hands no signal on: its end is one.
  const ending = ['setpriv', '--pdeathsig', 'TERM', '--'];
  return ['nsenter', `--target=${pid}`, ...user, '--net', '--mount', '--pid', '--', ...ending, ...argv];
}

/** Sets them up from inside: the loopback is up, and a file of the emulator's is the hosts file. @returns that file */
export function prepareNamespaces(directory: string): string {
  const file = join(directory, 'hosts');
  writeFileSync(file, hostsFile('127.0.0.1', []));
  try {
    const network = `ip link set lo up; ip addr add ${metadataAddress}/32 dev lo;`;
    const script = `${insideLab() ? '' : network} mount --bind "$0" /etc/hosts`;
    execFileSync('sh', ['-ec', script, file], { stdio: 'pipe' });
  } catch (error) {
    throw new LabError(
      `the namespaces could not be set up: ${error instanceof Error ? error.message : String(error)}`,
      'public names need Linux with ip (iproute2) and mount, as root or where user namespaces are allowed',
      { cause: error },
    );
  }
  return file;
}
