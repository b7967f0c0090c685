import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { network } from '../certificates.ts';
import type { ControlPlane } from '../control-plane.ts';

/** Address of the Service kube-dns. */
export const nameServerAddress = '10.96.0.10';

export const clusterDomain = 'cluster.local';

const hostsFile = (directory: string): string => join(directory, 'dns-hosts');

/**
 * Text of CoreDNS's configuration: the table of `setHosts`, then the cluster's names; others are asked of `upstream` (addresses inside the
 * lab's namespace) or, without it, do not exist.
 */
export function corefile(directory: string, upstream: readonly string[]): string {
  const rest =
    upstream.length > 0
      ? `forward . ${upstream.join(' ')}`
      : `template ANY ANY {
    rcode NXDOMAIN
  }`;
  return `.:53 {
  bind ${network.address}
  errors
  hosts ${hostsFile(directory)} {
    reload 1s
    fallthrough
  }
  kubernetes ${clusterDomain} in-addr.arpa ip6.arpa {
    kubeconfig ${join(directory, 'admin.kubeconfig')}
    fallthrough in-addr.arpa ip6.arpa
  }
  ${rest}
}
`;
}

/** Writes the configuration, and the table where there is none yet. Gives back the command line. */
export function nameServerFiles(
  coredns: string,
  directory: string,
  upstream: readonly string[],
): [string, ...string[]] {
  const file = join(directory, 'Corefile');
  writeFileSync(file, corefile(directory, upstream));
  writeFileSync(hostsFile(directory), '', { flag: 'a' });
  return [coredns, '-conf', file];
}

/**
 * Names that pods and nodes of a lab find beside those of the cluster, by address; replaces the table. They are found a second later, in labs
 * with a real node.
 */
export function setHosts(lab: ControlPlane, hosts: Readonly<Record<string, string>>): void {
  const lines = Object.entries(hosts).map(([name, address]) => `${address} ${name}\n`);
  const file = hostsFile(lab.directory);
  writeFileSync(`${file}.new`, lines.join(''));
  renameSync(`${file}.new`, file);
}

/** The Service kube-dns and where it leads: the name server runs beside the control plane, not in a pod. */
export function nameServerObjects() {
  const metadata = { name: 'kube-dns', namespace: 'kube-system', labels: { 'k8s-app': 'kube-dns' } };
  const ports = [
    { name: 'dns', port: 53, protocol: 'UDP' },
    { name: 'dns-tcp', port: 53, protocol: 'TCP' },
  ];
  const service = {
    apiVersion: 'v1' as const,
    kind: 'Service' as const,
    metadata: {
      ...metadata,
      labels: { ...metadata.labels, 'kubernetes.io/cluster-service': 'true', 'kubernetes.io/name': 'CoreDNS' },
    },
    spec: { clusterIP: nameServerAddress, ports },
  };
  const endpoints = {
    apiVersion: 'discovery.k8s.io/v1' as const,
    kind: 'EndpointSlice' as const,
    metadata: { ...metadata, labels: { ...metadata.labels, 'kubernetes.io/service-name': 'kube-dns' } },
    addressType: 'IPv4',
    endpoints: [{ addresses: [network.address], conditions: { ready: true } }],
    ports,
  };
  return { service, endpoints };
}
