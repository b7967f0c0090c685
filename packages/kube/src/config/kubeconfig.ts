import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { parse } from 'yaml';
import { ConfigError } from './cluster-config.ts';

export interface ClusterEntry {
  readonly server?: string;
  readonly 'certificate-authority'?: string;
  readonly 'certificate-authority-data'?: string;
  readonly 'insecure-skip-tls-verify'?: boolean;
  readonly 'tls-server-name'?: string;
  readonly 'proxy-url'?: string;
  readonly 'disable-compression'?: boolean;
  readonly extensions?: readonly { readonly name: string; readonly extension: unknown }[] | null;
}

export interface ExecEntry {
  readonly apiVersion?: string;
  readonly command: string;
  readonly args?: readonly string[] | null;
  readonly env?: readonly { readonly name: string; readonly value: string }[] | null;
  readonly installHint?: string;
  readonly interactiveMode?: 'Never' | 'IfAvailable' | 'Always';
  readonly provideClusterInfo?: boolean;
}

export interface UserEntry {
  readonly token?: string;
  readonly tokenFile?: string;
  readonly 'client-certificate'?: string;
  readonly 'client-certificate-data'?: string;
  readonly 'client-key'?: string;
  readonly 'client-key-data'?: string;
  readonly username?: string;
  readonly password?: string;
  readonly exec?: ExecEntry;
  readonly 'auth-provider'?: { readonly name?: string };
  readonly as?: string;
  readonly 'as-uid'?: string;
  readonly 'as-groups'?: readonly string[];
  readonly 'as-user-extra'?: Readonly<Record<string, readonly string[]>>;
}

export interface ContextEntry {
  readonly cluster?: string;
  readonly user?: string;
  readonly namespace?: string;
}

/** An entry and the file it stands in, whose folder its relative paths begin at. */
export interface Located<T> {
  readonly value: T;
  readonly file: string;
}

/** One or more kubeconfig files as one; of entries and settings that several files have, the first file's count, as for kubectl. */
export interface Kubeconfig {
  readonly files: readonly string[];
  readonly currentContext: string | undefined;
  readonly clusters: ReadonlyMap<string, Located<ClusterEntry>>;
  readonly users: ReadonlyMap<string, Located<UserEntry>>;
  readonly contexts: ReadonlyMap<string, Located<ContextEntry>>;
}

export interface KubeconfigOptions {
  /** `--kubeconfig`: this file alone. */
  readonly kubeconfig?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly home?: string;
}

/** The files that a kubeconfig is read from: `--kubeconfig`, else those of `KUBECONFIG`, else `~/.kube/config`. They may not exist. */
export function kubeconfigFiles(options: KubeconfigOptions = {}): readonly string[] {
  if (options.kubeconfig !== undefined) return [path.resolve(options.kubeconfig)];
  const listed = ((options.env ?? process.env)['KUBECONFIG'] ?? '').split(path.delimiter).filter((file) => file !== '');
  if (listed.length > 0) return [...new Set(listed.map((file) => path.resolve(file)))];
  return [path.join(options.home ?? homedir(), '.kube', 'config')];
}

/**
 * Reads and merges the kubeconfig. Of several files in `KUBECONFIG`, those that do not exist are passed over.
 * @throws ConfigError where none exists, or one cannot be read or is no kubeconfig.
 */
export function readKubeconfig(options: KubeconfigOptions = {}): Kubeconfig {
  const merged = {
    files: [] as string[],
    currentContext: undefined as string | undefined,
    clusters: new Map<string, Located<ClusterEntry>>(),
    users: new Map<string, Located<UserEntry>>(),
    contexts: new Map<string, Located<ContextEntry>>(),
  };
  const files = kubeconfigFiles(options);
  for (const file of files) {
    const document = readFile(file);
    if (document === undefined) continue;
    merged.files.push(file);
    const current = document['current-context'];
    if (merged.currentContext === undefined && typeof current === 'string' && current !== '')
      merged.currentContext = current;
    take(merged.clusters, document, file, 'clusters', 'cluster');
    take(merged.users, document, file, 'users', 'user');
    take(merged.contexts, document, file, 'contexts', 'context');
  }
  if (merged.files.length === 0)
    throw new ConfigError(
      'KubeconfigMissing',
      `there is no kubeconfig: ${files.join(', ')} does not exist`,
      'fetch one (on AKS: az aks get-credentials --resource-group GROUP --name CLUSTER), or name one with --kubeconfig or KUBECONFIG',
    );
  return merged;
}

function readFile(file: string): Readonly<Record<string, unknown>> | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new ConfigError(
      'KubeconfigUnreadable',
      `cannot read ${file}: ${(error as Error).message}`,
      `check the rights of ${file}`,
      {
        cause: error,
      },
    );
  }
  let document: unknown;
  try {
    document = parse(text) ?? {};
  } catch (error) {
    const [sentence] = (error as Error).message.split('\n');
    throw new ConfigError('KubeconfigInvalid', `${file} is no YAML: ${sentence}`, `mend ${file}, or fetch it again`, {
      cause: error,
    });
  }
  if (typeof document !== 'object' || document === null || Array.isArray(document))
    throw notAKubeconfig(file, 'it holds no fields');
  if ('kind' in document && document.kind !== 'Config' && document.kind !== '')
    throw notAKubeconfig(file, `its kind is ${JSON.stringify(document.kind)}`);
  return document as Readonly<Record<string, unknown>>;
}

function notAKubeconfig(file: string, why: string): ConfigError {
  return new ConfigError(
    'KubeconfigInvalid',
    `${file} is no kubeconfig: ${why}`,
    'name a kubeconfig with --kubeconfig or KUBECONFIG',
  );
}

function take<T>(
  into: Map<string, Located<T>>,
  document: Readonly<Record<string, unknown>>,
  file: string,
  list: string,
  entry: string,
): void {
  const entries = document[list] ?? [];
  if (!Array.isArray(entries)) throw notAKubeconfig(file, `${list} is no list`);
  for (const item of entries as readonly Readonly<Record<string, unknown>>[]) {
    const name = item?.['name'];
    if (typeof name !== 'string') throw notAKubeconfig(file, `an entry of ${list} has no name`);
    if (!into.has(name)) into.set(name, { value: (item[entry] ?? {}) as T, file });
  }
}
