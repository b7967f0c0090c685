import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Clock } from '../clock.ts';
import { ConfigError } from './cluster-config.ts';
import type { ClusterConfig } from './cluster-config.ts';
import { FileCredentials } from './file-credentials.ts';
import { FileSource } from './file-source.ts';
import { proxyOf } from './proxy.ts';

/** Where Kubernetes mounts a pod's ServiceAccount. */
const mount = '/var/run/secrets/kubernetes.io/serviceaccount';

export interface InClusterOptions {
  readonly clock: Clock;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Folder of `token`, `ca.crt` and `namespace`. */
  readonly folder?: string;
}

/** Whether this process runs in a pod that may talk to its API server. */
export function isInCluster(env: Readonly<Record<string, string | undefined>>): boolean {
  return (env['KUBERNETES_SERVICE_HOST'] ?? '') !== '';
}

/** The configuration of a pod: its ServiceAccount's token and the cluster's authority, both read anew as they rotate. @throws ConfigError */
export function inClusterConfig(options: InClusterOptions): ClusterConfig {
  const { env, clock, folder = mount } = options;
  const host = env['KUBERNETES_SERVICE_HOST'] ?? '';
  const port = env['KUBERNETES_SERVICE_PORT'] ?? '';
  if (host === '' || port === '')
    throw new ConfigError(
      'NotInCluster',
      'KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set, so this is no pod',
      'name a kubeconfig with --kubeconfig or KUBECONFIG',
    );
  const remedy = 'let the pod have its ServiceAccount: automountServiceAccountToken: true';
  const token = new FileSource(path.join(folder, 'token'), { what: "the ServiceAccount's token", remedy, clock });
  const authorities = new FileSource(path.join(folder, 'ca.crt'), { what: "the cluster's authority", remedy, clock });
  token.read();
  authorities.read();
  const proxy = proxyOf(undefined, 'the pod', env);
  return {
    server: `https://${host.includes(':') ? `[${host}]` : host}:${port}`,
    namespace: namespaceOf(folder),
    source: 'the ServiceAccount of this pod',
    authorities: () => authorities.read(),
    ...(proxy === undefined ? {} : { proxy }),
    credentials: new FileCredentials({ token }),
  };
}

function namespaceOf(folder: string): string {
  try {
    return readFileSync(path.join(folder, 'namespace'), 'utf8').trim() || 'default';
  } catch {
    return 'default';
  }
}
