import { list, type LocalWorkspace } from '@kaito/local';
import { failure, usage } from '../failure.ts';

/** What a person calls a Workspace: its name, with the namespace before a slash where that is not `default`. */
export function titleOf({ namespace, name }: { readonly namespace: string; readonly name: string }): string {
  return namespace === 'default' ? name : `${namespace}/${name}`;
}

/**
 * The Workspace on this machine that a command means: the one of that name (without a namespace given: the one in `default`, else the only
 * one of that name), or without a name the only one. Throws Failure.
 */
export async function lookUp(name: string | undefined, namespace: string | undefined): Promise<LocalWorkspace> {
  const all = (await list()).filter((entry) => namespace == null || entry.namespace === namespace);
  const wanted = name == null ? all : matching(all, name);
  const [first, ...others] = wanted;
  if (first == null) throw name == null ? nothingHere(namespace) : notFound(name, namespace, all);
  if (others.length === 0) return first;
  const preferred = name == null ? undefined : wanted.find((entry) => entry.namespace === 'default');
  if (preferred != null) return preferred;
  throw usage(
    `There are ${wanted.length} Workspaces on this machine: ${wanted.map(titleOf).join(', ')}.`,
    'Name one of them.',
  );
}

/** The Workspaces of that name; `workspace/x` and `namespace/x` are understood too. */
export function matching(all: readonly LocalWorkspace[], name: string): LocalWorkspace[] {
  const plain = name.replace(/^(workspaces?|workspaces?\.kaito\.sh)\//, '');
  return all.filter((entry) => entry.name === plain || titleOf(entry) === plain);
}

/** The Failure for a name that nothing on this machine has. */
export function notFound(name: string, namespace: string | undefined, all: readonly LocalWorkspace[]): Error {
  const where = namespace == null ? '' : ` in namespace ${namespace}`;
  return failure(
    'NotFound',
    `There is no Workspace ${name}${where} on this machine.`,
    all.length === 0
      ? 'Start one: kaito up PRESET, or kaito up -f FILE.'
      : `There are: ${all.map(titleOf).join(', ')}.`,
  );
}

function nothingHere(namespace: string | undefined): Error {
  return failure(
    'NotFound',
    `There is no Workspace${namespace == null ? '' : ` in namespace ${namespace}`} on this machine.`,
    'Start one: kaito up PRESET, or kaito up -f FILE.',
  );
}
