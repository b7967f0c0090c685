import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stateDirectory } from '@kaito/local';
import { failure, usage } from '../failure.ts';
import { isPlugin } from '../program/command-name.ts';

/** The flags by which a command line names a cluster. */
export interface TargetFlags {
  readonly context?: string;
  readonly cluster?: boolean;
  readonly kubeconfig?: string;
}

/** A cluster as a person names it: by a kubeconfig and one of its contexts, each its default where absent. */
export interface ClusterTarget {
  readonly kind: 'cluster';
  readonly context?: string;
  readonly kubeconfig?: string;
  /** The flags that name it again in another command, with a blank before them. */
  readonly flags: string;
}

/** Where a command acts. */
export type Target = { readonly kind: 'local' } | ClusterTarget;

const file = () => join(stateDirectory(), 'target');
const contextPrefix = 'context/';

/**
 * Where a command acts: on the cluster that the flags name, else as `kubectl kaito` on the current context's, else where `kaito use` has
 * saved, else on this machine. Throws a usage Failure.
 */
export async function targetOf(flags: TargetFlags, env: Readonly<Record<string, string | undefined>>): Promise<Target> {
  const { context, cluster, kubeconfig } = flags;
  if (context != null && cluster === true)
    throw usage('--context and --cluster are both given.', '--cluster is the current context; give one of them.');
  if (context != null || cluster === true || kubeconfig != null) {
    return {
      kind: 'cluster',
      ...(context == null ? {} : { context }),
      ...(kubeconfig == null ? {} : { kubeconfig }),
      flags: [
        context == null ? (cluster === true ? ' --cluster' : '') : ` --context ${context}`,
        kubeconfig == null ? '' : ` --kubeconfig ${kubeconfig}`,
      ].join(''),
    };
  }
  if (isPlugin(env)) return { kind: 'cluster', flags: '' };
  const saved = await savedTarget();
  if (saved === 'local') return { kind: 'local' };
  if (saved === 'cluster') return { kind: 'cluster', flags: '' };
  return { kind: 'cluster', context: saved.slice(contextPrefix.length), flags: '' };
}

/** The saved target: `local`, this machine, where none was saved; `cluster`, the current context; or `context/NAME`. */
export async function savedTarget(): Promise<string> {
  const text = await readFile(file(), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  const saved = text.trim();
  return saved === 'cluster' || saved.startsWith(contextPrefix) ? saved : 'local';
}

/** Saves the target for later commands: `local`, `cluster`, or the name of a context. */
export async function saveTarget(target: string): Promise<void> {
  await mkdir(stateDirectory(), { recursive: true, mode: 0o700 });
  const text = target === 'local' || target === 'cluster' ? target : `${contextPrefix}${target}`;
  await writeFile(file(), `${text}\n`, { mode: 0o600 });
}

/** Throws Failure NotSupported where one of the flags, which have a meaning only elsewhere, is given. */
export function refuseFlags(options: object, flags: readonly string[], where: string): void {
  for (const flag of flags) {
    const key = flag.replace(/^--/, '').replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
    if ((options as Record<string, unknown>)[key] == null) continue;
    throw failure('NotSupported', `${flag} means nothing ${where}.`, 'Leave the flag out.');
  }
}
