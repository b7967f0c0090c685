import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { randomInt } from 'node:crypto';
import { kubeconfig, network, signCertificate } from '../certificates.ts';
import type { NodeAddresses } from './addresses.ts';
import { pauseImage } from './images.ts';
import { clusterDomain, nameServerAddress } from './name-server.ts';
import type { RealNodeOrder } from './real-node.ts';

/** Where a node sees its own folder. */
const own = '/run/node';

export interface NodeFiles {
  /** The node's own folder. */
  readonly home: string;
  /** With the cluster's authority. */
  readonly pki: string;
  readonly cgroup: string;
  readonly addresses: NodeAddresses;
}

/** Writes what a node's programs read: their configuration, its certificates, links to its images. */
export async function writeNodeFiles(files: NodeFiles, order: RealNodeOrder): Promise<void> {
  const { home, addresses } = files;
  const { name, gpus = 0, registry = {} } = order.node;
  const write = (file: string, content: string | object): void =>
    writeFileSync(join(home, file), typeof content === 'string' ? content : JSON.stringify(content, null, 2), {
      mode: 0o600,
    });
  mkdirSync(join(home, 'images'), { recursive: true });
  mkdirSync(join(home, 'cni'));
  mkdirSync(join(home, 'certs.d', '_default'), { recursive: true });
  await writeIdentity(files, name);
  for (const [index, image] of order.images.entries()) symlinkSync(image, join(home, 'images', `${index}.tar`));
  write('hosts', `127.0.0.1 localhost\n::1 localhost\n${addresses.address} ${name}\n`);
  if (gpus > 0) write('lab-gpus', String(gpus));
  if (registry.authorities !== undefined) {
    write('authorities.crt', registry.authorities.map((file) => readFileSync(file, 'utf8')).join('\n'));
  }
  if (registry.mirror !== undefined) {
    const url = JSON.stringify(registry.mirror);
    write('certs.d/_default/hosts.toml', `server = ${url}\n[host.${url}]\n  capabilities = ["pull", "resolve"]\n`);
  }
  write('cni/10-lab.conflist', podNetwork(addresses.pods));
  write('containerd.toml', containerdConfiguration(order.cni));
  write('kubelet.json', kubeletConfiguration(files.cgroup));
  write('kube-proxy.json', {
    apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
    kind: 'KubeProxyConfiguration',
    mode: 'nftables',
    hostnameOverride: name,
    clusterCIDR: network.pods,
    clientConnection: { kubeconfig: `${own}/kube-proxy.kubeconfig` },
    // These limits are the whole machine's: they stay.
    conntrack: { maxPerCore: 0, min: 0, tcpEstablishedTimeout: '0s', tcpCloseWaitTimeout: '0s' },
  });
}

async function writeIdentity({ home, pki, addresses }: NodeFiles, name: string): Promise<void> {
  writeFileSync(join(home, 'ca.crt'), readFileSync(join(pki, 'ca.crt')));
  await signCertificate(
    home,
    {
      name: 'kubelet',
      subject: `/O=system:nodes/CN=system:node:${name}`,
      usage: 'serverAuth,clientAuth',
      names: [`IP:${addresses.address}`, `DNS:${name}`],
    },
    randomInt(1_000, 2 ** 47),
    pki,
  );
  const server = `https://${network.address}:${network.apiPort}`;
  for (const [user, folder] of [
    ['kubelet', home],
    ['kube-proxy', pki],
  ] as const) {
    writeFileSync(join(home, `${user}.kubeconfig`), kubeconfig(folder, user, server, 'kaito-lab'), { mode: 0o600 });
  }
}

/** Pods of one node are in one subnet; the way to those of others goes over the lab's own namespace. */
function podNetwork(subnet: string): object {
  return {
    cniVersion: '1.0.0',
    name: 'lab',
    plugins: [
      {
        type: 'ptp',
        ipMasq: false,
        ipam: { type: 'host-local', dataDir: '/run/cni', ranges: [[{ subnet }]], routes: [{ dst: '0.0.0.0/0' }] },
      },
    ],
  };
}

/** For containerd 1.6, Debian 12's. */
const containerdConfiguration = (cni: string): string => `version = 2
root = "/var/lib/containerd"
state = "/run/containerd"
disabled_plugins = [${[
  'snapshotter.v1.btrfs',
  'snapshotter.v1.zfs',
  'snapshotter.v1.aufs',
  'snapshotter.v1.devmapper',
  'internal.v1.opt',
  'tracing.processor.v1.otlp',
]
  .map((plugin) => `"io.containerd.${plugin}"`)
  .join(', ')}]
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${pauseImage}"
  disable_apparmor = true
  # Without CAP_SYS_RESOURCE no process may be made less likely to be killed than its parent.
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = ${JSON.stringify(cni)}
    conf_dir = "${own}/cni"
  [plugins."io.containerd.grpc.v1.cri".registry]
    config_path = "${own}/certs.d"
`;

function kubeletConfiguration(cgroup: string): object {
  return {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: `${own}/ca.crt` },
    },
    authorization: { mode: 'Webhook' },
    tlsCertFile: `${own}/kubelet.crt`,
    tlsPrivateKeyFile: `${own}/kubelet.key`,
    cgroupDriver: 'cgroupfs',
    cgroupRoot: cgroup,
    failCgroupV1: false,
    failSwapOn: false,
    containerRuntimeEndpoint: 'unix:///run/containerd/containerd.sock',
    clusterDNS: [nameServerAddress],
    clusterDomain,
    resolvConf: '/etc/resolv.conf',
    volumePluginDir: '/var/lib/kubelet/volume-plugins',
    // The disk is shared with whatever else runs on this machine: its being full is not the pods' doing.
    evictionHard: {
      'memory.available': '50Mi',
      'nodefs.available': '1%',
      'imagefs.available': '1%',
      'nodefs.inodesFree': '1%',
    },
    imageGCHighThresholdPercent: 100,
    nodeStatusUpdateFrequency: '1s',
    // It is renewed every quarter of this: a dead node is noticed as soon as the control plane's grace period allows.
    nodeLeaseDurationSeconds: 8,
    registryPullQPS: 0,
    serializeImagePulls: false,
    eventRecordQPS: 0,
    maxPods: 110,
  };
}
