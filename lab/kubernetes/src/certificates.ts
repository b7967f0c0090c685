import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './run.ts';

/** Addresses inside a lab's network namespace; the same in every lab, since none is seen outside it. */
export const network = {
  address: '10.89.0.1',
  prefix: 24,
  apiPort: 6443,
  services: '10.96.0.0/16',
  firstService: '10.96.0.1',
  pods: '10.244.0.0/16',
  /** For Services of type LoadBalancer, whose status a cloud's controller would write; the lab leads them to real nodes. */
  loadBalancers: '10.97.0.0/16',
} as const;

export interface Leaf {
  readonly name: string;
  readonly subject: string;
  readonly usage: 'serverAuth' | 'clientAuth' | 'serverAuth,clientAuth';
  readonly names?: readonly string[];
}

const service = 'kubernetes.default.svc';

const leaves: readonly Leaf[] = [
  {
    name: 'apiserver',
    subject: '/CN=kube-apiserver',
    usage: 'serverAuth',
    names: [
      ...['127.0.0.1', network.address, network.firstService].map((address) => `IP:${address}`),
      ...['localhost', 'kubernetes', 'kubernetes.default', service, `${service}.cluster.local`].map(
        (name) => `DNS:${name}`,
      ),
    ],
  },
  { name: 'kubelet-client', subject: '/O=system:masters/CN=kube-apiserver-kubelet-client', usage: 'clientAuth' },
  { name: 'front-proxy-client', subject: '/CN=front-proxy-client', usage: 'clientAuth' },
  { name: 'admin', subject: '/O=system:masters/CN=admin', usage: 'clientAuth' },
  { name: 'controller-manager', subject: '/CN=system:kube-controller-manager', usage: 'clientAuth' },
  { name: 'scheduler', subject: '/CN=system:kube-scheduler', usage: 'clientAuth' },
  { name: 'kube-proxy', subject: '/CN=system:kube-proxy', usage: 'clientAuth' },
];

/** Makes the cluster's certificate authority, its certificates and the key of ServiceAccount tokens in `directory`, with openssl. */
export async function makeCertificates(directory: string): Promise<void> {
  mkdirSync(directory, { recursive: true });
  const openssl = (...args: string[]): Promise<string> => run('openssl', args, { cwd: directory });
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const usage = 'keyUsage=critical,digitalSignature,keyCertSign,cRLSign';
  const serviceAccountKey = openssl('genrsa', '-out', 'sa.key', '2048');
  await openssl(
    'req',
    '-x509',
    ...newKey,
    '-keyout',
    'ca.key',
    '-out',
    'ca.crt',
    '-subj',
    '/CN=kubernetes-ca',
    '-days',
    '3650',
    '-addext',
    usage,
  );
  await Promise.all([serviceAccountKey, ...leaves.map((leaf, index) => signCertificate(directory, leaf, index + 1))]);
}

/** Makes a key and a certificate in `directory`, signed by the authority (`ca.crt`, `ca.key`) that lies in `authority`. */
export async function signCertificate(
  directory: string,
  { name, subject, usage, names }: Leaf,
  serial: number,
  authority = directory,
): Promise<void> {
  const openssl = (...args: string[]): Promise<string> => run('openssl', args, { cwd: directory });
  const extensions = ['basicConstraints=CA:FALSE', 'keyUsage=digitalSignature', `extendedKeyUsage=${usage}`];
  if (names !== undefined) extensions.push(`subjectAltName=${names.join(',')}`);
  writeFileSync(join(directory, `${name}.ext`), extensions.join('\n'));
  await openssl(
    'req',
    '-new',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:prime256v1',
    '-nodes',
    '-keyout',
    `${name}.key`,
    '-out',
    `${name}.csr`,
    '-subj',
    subject,
  );
  await openssl(
    'x509',
    '-req',
    '-in',
    `${name}.csr`,
    '-CA',
    join(authority, 'ca.crt'),
    '-CAkey',
    join(authority, 'ca.key'),
    '-set_serial',
    String(serial),
    '-days',
    '3650',
    '-extfile',
    `${name}.ext`,
    '-out',
    `${name}.crt`,
  );
}

/** Text of a kubeconfig (JSON, which is YAML) for the holder of the client certificate `user` at `server`. */
export function kubeconfig(directory: string, user: string, server: string, context: string): string {
  const base64 = (file: string): string => readFileSync(join(directory, file)).toString('base64');
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: context, cluster: { server, 'certificate-authority-data': base64('ca.crt') } }],
    users: [
      {
        name: context,
        user: { 'client-certificate-data': base64(`${user}.crt`), 'client-key-data': base64(`${user}.key`) },
      },
    ],
    contexts: [{ name: context, context: { cluster: context, user: context } }],
    'current-context': context,
  };
  return `${JSON.stringify(config, null, 2)}\n`;
}
