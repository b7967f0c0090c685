import path from 'node:path';
import type { Clock } from '../clock.ts';
import { ConfigError } from './cluster-config.ts';
import type { ClusterConfig, Credentials, Impersonation } from './cluster-config.ts';
import { ExecPlugin } from './exec-plugin.ts';
import { FileCredentials } from './file-credentials.ts';
import { FileSource } from './file-source.ts';
import type { ClusterEntry, Kubeconfig, Located, UserEntry } from './kubeconfig.ts';
import { pemOf } from './pem.ts';
import { proxyOf } from './proxy.ts';
import { nearest } from './suggestion.ts';

export interface ContextOptions {
  /** Default: the kubeconfig's current context. */
  readonly context?: string;
  readonly clock: Clock;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** A person sits at a terminal: exec plugins may ask. */
  readonly terminal: boolean;
  /** Where exec plugins' words to a person go. */
  readonly say: (text: string) => void;
}

/** How to reach the cluster of one context. @throws ConfigError for what is missing, contradictory or not supported */
export function configOfContext(kubeconfig: Kubeconfig, options: ContextOptions): ClusterConfig {
  const name = options.context ?? kubeconfig.currentContext;
  const files = kubeconfig.files.join(', ');
  if (name === undefined)
    throw new ConfigError(
      'ContextUnset',
      `${files} has no current context`,
      `choose one: kubectl config use-context ${[...kubeconfig.contexts.keys()][0] ?? 'NAME'}, or --context`,
    );
  const context = kubeconfig.contexts.get(name);
  if (context === undefined) throw unknown('context', 'Context', name, kubeconfig.contexts, files);
  const { cluster: clusterName, user: userName, namespace } = context.value;
  const cluster = kubeconfig.clusters.get(clusterName ?? '');
  if (cluster === undefined)
    throw unknown('cluster', 'Cluster', clusterName ?? '', kubeconfig.clusters, `${files}, for context "${name}"`);
  const user = userName === undefined || userName === '' ? undefined : kubeconfig.users.get(userName);
  if (user === undefined && userName !== undefined && userName !== '')
    throw unknown('user', 'User', userName, kubeconfig.users, `${files}, for context "${name}"`);

  const whereCluster = `cluster "${clusterName}" of ${cluster.file}`;
  const server = serverOf(cluster.value, whereCluster);
  const authorities = pemOf(cluster.value, 'certificate-authority', {
    where: whereCluster,
    file: cluster.file,
    clock: options.clock,
  });
  const insecure = cluster.value['insecure-skip-tls-verify'] === true;
  if (insecure && authorities !== undefined)
    throw new ConfigError(
      'TlsContradiction',
      `${whereCluster} names an authority and skips verification`,
      'remove insecure-skip-tls-verify, or certificate-authority',
    );
  const tlsServerName = cluster.value['tls-server-name'];
  const proxy = proxyOf(cluster.value['proxy-url'], whereCluster, options.env);
  const impersonate = impersonationOf(user?.value, userName);
  return {
    server,
    namespace: namespace === undefined || namespace === '' ? 'default' : namespace,
    source: `context "${name}" of ${context.file}`,
    context: name,
    authorities: () => authorities?.read(),
    ...(tlsServerName === undefined || tlsServerName === '' ? {} : { tlsServerName }),
    ...(insecure ? { insecureSkipTlsVerify: true } : {}),
    ...(proxy === undefined ? {} : { proxy }),
    ...(impersonate === undefined ? {} : { impersonate }),
    compress: cluster.value['disable-compression'] !== true && !isLoopback(server),
    credentials:
      user === undefined ? new FileCredentials({}) : credentialsOf(user, userName ?? '', cluster.value, options),
  };
}

function credentialsOf(
  user: Located<UserEntry>,
  name: string,
  cluster: ClusterEntry,
  options: ContextOptions,
): Credentials {
  const { value, file } = user;
  const { clock } = options;
  const where = `user "${name}" of ${file}`;
  const provider = value['auth-provider'];
  if (provider !== undefined)
    throw new ConfigError(
      'AuthProviderRemoved',
      `${where} uses auth-provider ${provider.name ?? ''}, which Kubernetes has removed`,
      'use its exec plugin: kubelogin convert-kubeconfig for Azure, gke-gcloud-auth-plugin for Google',
    );
  if (value.username !== undefined || value.password !== undefined)
    throw new ConfigError(
      'BasicAuthRemoved',
      `${where} has a username and password, which no API server accepts any more`,
      'use a token, a client certificate or an exec plugin',
    );
  const at = { where, file, clock };
  const certificate = pemOf(value, 'client-certificate', at);
  const key = pemOf(value, 'client-key', at);
  if ((certificate === undefined) !== (key === undefined)) {
    const missing = key === undefined ? 'client-key' : 'client-certificate';
    throw new ConfigError(
      'CertificateIncomplete',
      `${where} has no ${missing}`,
      `set ${missing} or ${missing}-data in the kubeconfig`,
    );
  }
  if (value.exec !== undefined && value.exec !== null && certificate === undefined && value.token === undefined)
    return new ExecPlugin({
      ...options,
      entry: value.exec,
      where,
      folder: path.dirname(file),
      cluster: clusterInfo(cluster),
    });
  const { token, tokenFile } = value;
  // kubectl prefers the file, which is the fresher of the two.
  const fromFile =
    tokenFile === undefined || tokenFile === ''
      ? undefined
      : new FileSource(path.resolve(path.dirname(file), tokenFile), {
          what: `the token of ${where}`,
          remedy: 'log in again, or set tokenFile right in the kubeconfig',
          clock,
        });
  const fixed = token === undefined || token === '' ? undefined : { read: () => token, expire: () => {} };
  return new FileCredentials({ token: fromFile ?? fixed, certificate, key });
}

function serverOf(cluster: ClusterEntry, where: string): string {
  const { server } = cluster;
  if (server === undefined || server === '')
    throw new ConfigError('ServerMissing', `${where} has no server`, 'set server: https://host:port in the kubeconfig');
  // kubectl takes an address without a scheme as http.
  const text = /^[a-z]+:\/\//i.test(server) ? server : `http://${server}`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !['https:', 'http:'].includes(url.protocol))
    throw new ConfigError(
      'ServerInvalid',
      `${where} has "${server}" as server, which is no address`,
      'set server: https://host:port in the kubeconfig',
    );
  return text;
}

function isLoopback(server: string): boolean {
  const { hostname } = new URL(server);
  return hostname === 'localhost' || hostname === '[::1]' || hostname.startsWith('127.');
}

function impersonationOf(user: UserEntry | undefined, name: string | undefined): Impersonation | undefined {
  const as = user?.as;
  const groups = user?.['as-groups'];
  const extra = user?.['as-user-extra'];
  const uid = user?.['as-uid'];
  if (as === undefined || as === '') {
    if ((groups ?? []).length === 0 && Object.keys(extra ?? {}).length === 0 && uid === undefined) return undefined;
    throw new ConfigError(
      'ImpersonationIncomplete',
      `user "${name}" names groups to act as, but no user`,
      'set as: beside as-groups: in the kubeconfig',
    );
  }
  return {
    user: as,
    ...(uid === undefined ? {} : { uid }),
    ...(groups === undefined ? {} : { groups }),
    ...(extra === undefined ? {} : { extra }),
  };
}

/** `spec.cluster` of ExecCredential. */
function clusterInfo(cluster: ClusterEntry): unknown {
  const config = cluster.extensions?.find(({ name }) => name === 'client.authentication.k8s.io/exec')?.extension;
  return {
    server: cluster.server,
    'tls-server-name': cluster['tls-server-name'],
    'insecure-skip-tls-verify': cluster['insecure-skip-tls-verify'],
    'certificate-authority-data': cluster['certificate-authority-data'],
    'proxy-url': cluster['proxy-url'],
    ...(config === undefined ? {} : { config }),
  };
}

function unknown(
  kind: string,
  code: string,
  name: string,
  known: ReadonlyMap<string, unknown>,
  files: string,
): ConfigError {
  const names = [...known.keys()];
  const meant = nearest(name, names);
  const shown = names.length > 8 ? [...names.slice(0, 8), '…'] : names;
  return new ConfigError(
    `${code}Unknown`,
    `there is no ${kind} "${name}" in ${files}`,
    meant !== undefined
      ? `did you mean "${meant}"?`
      : names.length === 0
        ? `it has none: fetch the kubeconfig again (on AKS: az aks get-credentials)`
        : `it has: ${shown.join(', ')}`,
  );
}
