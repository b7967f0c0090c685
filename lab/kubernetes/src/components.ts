import { join } from 'node:path';
import { network } from './certificates.ts';

/** A program of the control plane. */
export interface Component {
  readonly name: ComponentName;
  /** File in the folder of binaries. */
  readonly binary: 'kube' | 'kwok';
  readonly args: readonly string[];
}

export const componentNames = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kwok'] as const;
export type ComponentName = (typeof componentNames)[number];

/** A list is the same flag again for each of its values. */
const flags = (values: Readonly<Record<string, string | number | boolean | readonly string[]>>): string[] =>
  Object.entries(values).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value]).map((each) => `--${name}=${each}`),
  );

/** Listening only inside the lab's namespace, where these ports belong to nobody else. */
const etcdClient = 'http://127.0.0.1:2379';
const etcdPeer = 'http://127.0.0.1:2380';

/**
 * The command lines, in the order of starting; all but etcd and the API server must wait for `/readyz`, without which they exit.
 * etcd does not sync to disk: a lab does not outlive its machine.
 */
export function components(
  directory: string,
  options: {
    readonly kwok: boolean;
    /** Whom ServiceAccount tokens are issued by, an https URL; default: the API server's own address, whose tokens are accepted in any case. */
    readonly issuer?: string;
    /** After how many seconds without a sign of life a node is NotReady; default: Kubernetes' 50. */
    readonly nodeGraceSeconds?: number;
  },
): readonly Component[] {
  const pki = (name: string): string => join(directory, 'pki', name);
  const identity = (name: string): Record<string, string> => {
    const file = join(directory, `${name}.kubeconfig`);
    return { kubeconfig: file, 'authentication-kubeconfig': file, 'authorization-kubeconfig': file };
  };
  const server = `https://${network.address}:${network.apiPort}`;
  const all: Component[] = [
    {
      name: 'etcd',
      binary: 'kube',
      args: flags({
        'data-dir': join(directory, 'etcd'),
        'listen-client-urls': etcdClient,
        'advertise-client-urls': etcdClient,
        'listen-peer-urls': etcdPeer,
        'initial-advertise-peer-urls': etcdPeer,
        'initial-cluster': `default=${etcdPeer}`,
        'unsafe-no-fsync': true,
        'log-level': 'warn',
      }),
    },
    {
      name: 'kube-apiserver',
      binary: 'kube',
      args: flags({
        'etcd-servers': etcdClient,
        'secure-port': network.apiPort,
        'bind-address': '0.0.0.0',
        // May not be a loopback address.
        'advertise-address': network.address,
        'tls-cert-file': pki('apiserver.crt'),
        'tls-private-key-file': pki('apiserver.key'),
        'client-ca-file': pki('ca.crt'),
        'cert-dir': join(directory, 'apiserver'),
        'service-account-issuer': options.issuer === undefined ? server : [options.issuer, server],
        'service-account-jwks-uri': `${(options.issuer ?? server).replace(/\/$/, '')}/openid/v1/jwks`,
        'service-account-key-file': pki('sa.key'),
        'service-account-signing-key-file': pki('sa.key'),
        'service-cluster-ip-range': network.services,
        'authorization-mode': 'Node,RBAC',
        'enable-admission-plugins': 'NodeRestriction',
        'kubelet-client-certificate': pki('kubelet-client.crt'),
        'kubelet-client-key': pki('kubelet-client.key'),
        'kubelet-preferred-address-types': 'InternalIP',
        'requestheader-client-ca-file': pki('ca.crt'),
        'requestheader-allowed-names': 'front-proxy-client',
        'requestheader-username-headers': 'X-Remote-User',
        'requestheader-group-headers': 'X-Remote-Group',
        'requestheader-extra-headers-prefix': 'X-Remote-Extra-',
        'proxy-client-cert-file': pki('front-proxy-client.crt'),
        'proxy-client-key-file': pki('front-proxy-client.key'),
        'enable-bootstrap-token-auth': true,
        'allow-privileged': true,
        // Webhook and aggregated Services are reached at their endpoints: no kube-proxy stands here to carry a ClusterIP.
        'enable-aggregator-routing': true,
        profiling: false,
      }),
    },
    {
      name: 'kube-controller-manager',
      binary: 'kube',
      args: flags({
        ...identity('controller-manager'),
        'use-service-account-credentials': true,
        'service-account-private-key-file': pki('sa.key'),
        'root-ca-file': pki('ca.crt'),
        'leader-elect': false,
        'cluster-cidr': network.pods,
        'allocate-node-cidrs': false,
        'service-cluster-ip-range': network.services,
        'bind-address': '127.0.0.1',
        'cluster-signing-cert-file': pki('ca.crt'),
        'cluster-signing-key-file': pki('ca.key'),
        controllers: '*,bootstrapsigner,tokencleaner',
        'cert-dir': join(directory, 'controller-manager'),
        'kube-api-qps': 1000,
        'kube-api-burst': 2000,
        ...(options.nodeGraceSeconds !== undefined && {
          'node-monitor-grace-period': `${options.nodeGraceSeconds}s`,
          'node-monitor-period': '1s',
        }),
      }),
    },
    {
      name: 'kube-scheduler',
      binary: 'kube',
      args: flags({
        ...identity('scheduler'),
        'leader-elect': false,
        'bind-address': '127.0.0.1',
        'cert-dir': join(directory, 'scheduler'),
        'kube-api-qps': 1000,
        'kube-api-burst': 2000,
      }),
    },
  ];
  if (options.kwok) {
    all.push({
      name: 'kwok',
      binary: 'kwok',
      args: flags({
        kubeconfig: join(directory, 'admin.kubeconfig'),
        config: join(directory, 'pod-stages.yaml'),
        'manage-all-nodes': false,
        'manage-nodes-with-annotation-selector': 'kwok.x-k8s.io/node=fake',
        // They are renewed every quarter of this.
        'node-lease-duration-seconds': Math.min(40, options.nodeGraceSeconds ?? 40),
        cidr: '10.200.0.0/16',
        'node-ip': network.address,
        'server-address': '127.0.0.1:10247',
      }),
    });
  }
  return all;
}
