import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer, get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { debianProgram, startRegistryProcess } from '@kaito/oci/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { network, signCertificate } from '../certificates.ts';
import { type ControlPlane, startControlPlane } from '../control-plane.ts';
import { kubectl } from '../nodes.ts';
import { probeImage, programImage } from './images.ts';
import { setHosts } from './name-server.ts';
import { addRealNode, realNodeNames, removeRealNode } from './nodes.ts';
import { ensureNodePrograms, type NodePrograms } from './programs.ts';
import { checkRealNodes } from './requirements.ts';

const chart = fileURLToPath(new URL('../../../../charts/kaito', import.meta.url));

const reason = await checkRealNodes().then(
  () => undefined,
  (error: Error) => error.message,
);

/** Program in, what it prints out. */
async function inside(lab: ControlPlane, argv: readonly string[]): Promise<string> {
  const child = lab.exec(argv, { stdio: 'pipe' });
  const [output, errors] = await Promise.all([text(child.stdout!), text(child.stderr!), once(child, 'close')]);
  if (child.exitCode !== 0) throw new Error(errors);
  return output;
}

const probe = (name: string, more: object = {}, spec: object = {}): object => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, labels: { app: 'web' } },
  spec: {
    terminationGracePeriodSeconds: 1,
    tolerations: [{ key: 'sku', operator: 'Exists' }],
    containers: [
      {
        name: 'probe',
        image: probeImage,
        args: ['serve', '8080'],
        readinessProbe: { periodSeconds: 1, httpGet: { path: '/', port: 8080 } },
        ...more,
      },
    ],
    ...spec,
  },
});

const service = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web' },
  spec: { type: 'LoadBalancer', selector: { app: 'web' }, ports: [{ port: 80, targetPort: 8080 }] },
};

const create = (lab: ControlPlane, ...items: readonly object[]): Promise<string> =>
  kubectl(lab, ['create', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));

const ready = (lab: ControlPlane, ...pods: readonly string[]): Promise<string> =>
  kubectl(lab, ['wait', '--for=condition=Ready', ...pods.map((pod) => `pod/${pod}`), '--timeout=90s']);

/** Asks until the answer is there that is waited for; a test's own deadline bounds it. */
async function untilSays(wanted: string, ask: () => Promise<string>): Promise<void> {
  while ((await ask().catch(() => '')).trim() !== wanted);
}

/** Asks a URL from a pod until the answer is there that is waited for. */
const untilAnswers = (lab: ControlPlane, pod: string, url: string, wanted: string): Promise<void> =>
  untilSays(wanted, () => kubectl(lab, ['exec', pod, '--', '/probe', 'get', url]));

const jsonpath = (lab: ControlPlane, object: string, path: string): Promise<string> =>
  kubectl(lab, ['get', object, '-o', `jsonpath={${path}}`]);

/** Cgroups of a lab, or of one of its nodes. */
function cgroups(lab: ControlPlane, node = ''): string[] {
  const mark = /nodes-(\w+)/.exec(readdirSync(lab.directory).join('\n'))![1]!;
  return cgroupsAt(`kaito-lab-${mark}`, node);
}

const cgroupsAt = (cgroup: string, node = ''): string[] =>
  ['', ...readdirSync('/sys/fs/cgroup')]
    .map((hierarchy) => join('/sys/fs/cgroup', hierarchy, cgroup, node))
    .filter((path) => existsSync(path));

/** Processes of this machine that `picks`. */
const processes = (picks: (pid: string) => boolean): string[] =>
  readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && picks(pid);
    } catch {
      return false;
    }
  });

const parent = (pid: string): string => /^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]!;

const namespaceOf = (pid: string, kind: string): string => readlinkSync(`/proc/${pid}/ns/${kind}`);

describe.skipIf(reason !== undefined)(`real nodes${reason === undefined ? '' : ` (${reason})`}`, () => {
  let lab: ControlPlane;
  let programs: NodePrograms;
  const work = mkdtempSync(join(tmpdir(), 'real-nodes-'));
  /** Beyond the lab: says back what it is asked for. */
  const outside = createServer((request, response) => void response.end(`${request.headers.host}${request.url}`));
  const metadata = '169.254.169.254';

  beforeAll(async () => {
    programs = await ensureNodePrograms(() => {});
    outside.listen(join(work, 'outside'));
    await once(outside, 'listening');
    const socket = join(work, 'outside');
    lab = await startControlPlane({
      nodeGraceSeconds: 6,
      outlets: [
        { address: metadata, port: 80, socket },
        { address: network.address, port: 80, socket },
      ],
    });
    setHosts(lab, { 'metadata.example': metadata, 'outside.example': network.address });
    const trusted = registryAccess();
    await Promise.all([
      addRealNode(lab, { name: 'system', registry: { ...trusted, mirror: `https://${network.address}:5000` } }),
      addRealNode(lab, {
        name: 'gpu',
        gpus: 2,
        instanceType: 'Standard_NC12s_v3',
        diskGiB: 300,
        providerId: 'azure:///subscriptions/s/vm/0',
        labels: {
          accelerator: 'nvidia',
          'kaito.sh/workspace': 'w',
          'karpenter.sh/nodepool': 'kaito',
          'node-role.kubernetes.io/agent': '',
        },
        taints: ['sku=gpu:NoSchedule'],
        registry: trusted,
      }),
    ]);
  });

  afterAll(async () => {
    await lab?.stop();
    outside.close();
    rmSync(work, { recursive: true, force: true });
  });

  /** A kubelet's credential provider that knows one registry's password; the lab's own authority. */
  function registryAccess() {
    const passwordFor = ['private.example:5000', 'mirrored.example'];
    const folder = join(work, 'provider');
    mkdirSync(folder);
    const program = join(folder, 'provider');
    const answer = {
      kind: 'CredentialProviderResponse',
      apiVersion: 'credentialprovider.kubelet.k8s.io/v1',
      cacheKeyType: 'Registry',
      auth: Object.fromEntries(passwordFor.map((registry) => [registry, { username: 'node', password: 'secret' }])),
    };
    writeFileSync(program, `#!/bin/sh\ncat > /dev/null\necho '${JSON.stringify(answer)}'\n`);
    chmodSync(program, 0o755);
    const config = join(work, 'provider.json');
    writeFileSync(
      config,
      JSON.stringify({
        kind: 'CredentialProviderConfig',
        apiVersion: 'kubelet.config.k8s.io/v1',
        providers: [
          {
            name: 'provider',
            apiVersion: 'credentialprovider.kubelet.k8s.io/v1',
            matchImages: passwordFor,
            defaultCacheDuration: '1m',
          },
        ],
      }),
    );
    return { authorities: [join(lab.directory, 'pki', 'ca.crt')], credentialProvider: { config, folder } };
  }

  test('a node is what it was asked to be', async () => {
    const node = JSON.parse(await kubectl(lab, ['get', 'node', 'gpu', '-o', 'json']));
    expect(node.metadata.labels).toMatchObject({
      'node.kubernetes.io/instance-type': 'Standard_NC12s_v3',
      'node-role.kubernetes.io/agent': '',
      'kubernetes.io/os': 'linux',
    });
    expect(node.spec.taints).toEqual([{ key: 'sku', value: 'gpu', effect: 'NoSchedule' }]);
    expect(node.spec.providerID).toBe('azure:///subscriptions/s/vm/0');
    expect(node.status.capacity['ephemeral-storage']).toBe('300Gi');
    await expect(addRealNode(lab, { name: 'gpu' })).rejects.toThrow('already exists');
    await expect(addRealNode(lab, { name: 'broken', images: [join(chart, 'Chart.yaml')] })).rejects.toThrow(
      'the node broken ended while it started: ctr: ',
    );
    expect(await kubectl(lab, ['get', 'nodes', '-o', 'name'])).toBe('node/gpu\nnode/system\n');
    expect((await realNodeNames(lab)).toSorted()).toEqual(['gpu', 'system']);
  });

  test('pods answer by ClusterIP and by name, across nodes; their logs are read and commands run in them', async () => {
    await create(lab, probe('here', {}, { nodeName: 'system' }), probe('there', {}, { nodeName: 'gpu' }), service);
    await ready(lab, 'here', 'there');
    const [clusterIp, here, there] = await Promise.all([
      jsonpath(lab, 'service/web', '.spec.clusterIP'),
      jsonpath(lab, 'pod/here', '.status.podIP'),
      jsonpath(lab, 'pod/there', '.status.podIP'),
    ]);
    await untilAnswers(lab, 'here', `http://${there}:8080`, 'there');
    await untilAnswers(lab, 'there', `http://${here}:8080`, 'here');
    for (const pod of ['here', 'there']) {
      // Of two pods each is chosen at some time, the one on the other node too.
      for (const wanted of ['here', 'there']) {
        await untilAnswers(lab, pod, 'http://web.default.svc.cluster.local', wanted);
        await untilAnswers(lab, pod, `http://${clusterIp}`, wanted);
      }
    }
    // Out of the lab, by names that were there before the first node; into it.
    for (const host of ['metadata.example', 'outside.example', metadata, network.address]) {
      await untilAnswers(lab, 'there', `http://${host}/path`, `${host}/path`);
    }
    await lab.inlet(join(work, 'inside'), { host: clusterIp, port: 80 });
    const [answer] = await once(get({ socketPath: join(work, 'inside') }), 'response');
    expect(['here', 'there']).toContain((await text(answer)).trim());
    expect(['here\n', 'there\n']).toContain(await inside(lab, [programs.probe, 'get', `http://${clusterIp}`]));
    const status = { loadBalancer: { ingress: [{ ip: '10.97.0.1' }] } };
    await kubectl(lab, ['patch', 'service', 'web', '--subresource=status', '--patch', JSON.stringify({ status })]);
    await untilSays('there', () => inside(lab, [programs.probe, 'get', 'http://10.97.0.1']));
    expect(await kubectl(lab, ['logs', 'there'])).toContain('GET /');
    await expect(kubectl(lab, ['exec', 'here', '--', '/probe', 'get', 'http://elsewhere.example'])).rejects.toThrow(
      'no such host',
    );
    setHosts(lab, { 'elsewhere.example': there });
    await untilAnswers(lab, 'here', 'http://elsewhere.example:8080', 'there');
  });

  test("a pod gets a GPU through the chart's device plugin", async () => {
    const plugin = await inside(lab, [
      'helm',
      'template',
      chart,
      '--kube-version=1.34.4',
      '--show-only=templates/nvidia-device-plugin.yaml',
    ]);
    await kubectl(lab, ['create', '-f', '-'], plugin);
    await create(lab, probe('with-gpu', { resources: { limits: { 'nvidia.com/gpu': 1 } } }));
    await ready(lab, 'with-gpu');
    expect(await jsonpath(lab, 'pod/with-gpu', '.spec.nodeName')).toBe('gpu');
    expect(await jsonpath(lab, 'node/gpu', '.status.allocatable.nvidia\\.com/gpu')).toBe('2');
    expect(await jsonpath(lab, 'node/system', '.status.allocatable.nvidia\\.com/gpu')).toBe('');
  });

  test('images come from a registry found by name and from a mirror, over TLS, with the credentials of the provider, and are refused without', async () => {
    const archive = join(work, 'image.tar');
    writeFileSync(archive, programImage('private.example/team/probe:1', programs.probe));
    const storage = join(work, 'storage');
    const [skopeo, registry] = await Promise.all([debianProgram('skopeo'), debianProgram('docker-registry')]);
    await using seeded = await startRegistryProcess({ storage });
    for (const repository of ['team/probe', 'other/probe']) {
      execFileSync(
        skopeo.path,
        [
          '--insecure-policy',
          'copy',
          '--dest-tls-verify=false',
          `oci-archive:${archive}`,
          `docker://${seeded.host}/${repository}:1`,
        ],
        { env: { ...process.env, ...skopeo.environment }, stdio: 'pipe' },
      );
    }
    await seeded.kill();
    const passwords = join(work, 'htpasswd');
    // bcrypt of "secret"
    writeFileSync(passwords, 'node:$2b$04$RFsMQNSo.VBcquxxtEFnd.KiJHXhnVkz91tg1ZoXrueA6wd/DXI9a\n');
    await signCertificate(
      work,
      {
        name: 'registry',
        subject: '/CN=registry',
        usage: 'serverAuth',
        names: [`IP:${network.address}`, 'DNS:private.example'],
      },
      100,
      join(lab.directory, 'pki'),
    );
    setHosts(lab, { 'private.example': network.address });
    const config = join(work, 'registry.json');
    writeFileSync(
      config,
      JSON.stringify({
        version: '0.1',
        storage: { filesystem: { rootdirectory: storage } },
        http: {
          addr: `${network.address}:5000`,
          tls: { certificate: join(work, 'registry.crt'), key: join(work, 'registry.key') },
        },
        auth: { htpasswd: { realm: 'lab', path: passwords } },
      }),
    );
    await lab.run('registry', [registry.path, 'serve', config], { OTEL_TRACES_EXPORTER: 'none' });
    await create(
      lab,
      probe('pulled', { image: 'private.example:5000/team/probe:1' }, { nodeName: 'gpu' }),
      probe('mirrored', { image: 'mirrored.example/team/probe:1' }, { nodeName: 'system' }),
      probe('refused', { image: 'other.example/other/probe:1' }, { nodeName: 'system' }),
    );
    await ready(lab, 'pulled', 'mirrored');
    await kubectl(lab, [
      'wait',
      '--for=jsonpath={.status.containerStatuses[0].state.waiting.reason}=ImagePullBackOff',
      'pod/refused',
      '--timeout=90s',
    ]);
    const events = await kubectl(lab, [
      'get',
      'events',
      '--field-selector=involvedObject.name=refused',
      '-o',
      'jsonpath={.items[*].message}',
    ]);
    expect(events).toContain('401 Unauthorized');
  });

  test('a killed node leaves nothing on the machine, turns NotReady and goes when it is removed', async () => {
    const paths = cgroups(lab, 'gpu');
    expect(paths).not.toEqual([]);
    await removeRealNode(lab, 'gpu', { abruptly: true });
    expect(paths.filter((path) => existsSync(path))).toEqual([]);
    expect(processes((pid) => readFileSync(`/proc/${pid}/environ`, 'utf8').includes(`${lab.directory}/gpu`))).toEqual(
      [],
    );
    expect(await realNodeNames(lab)).toEqual(['system']);
    await kubectl(lab, ['wait', '--for=condition=Ready=Unknown', 'node/gpu', '--timeout=90s']);
    await kubectl(lab, ['patch', 'node', 'gpu', '-p', '{"metadata":{"finalizers":["lab.example/held"]}}']);
    await removeRealNode(lab, 'gpu');
    expect(await jsonpath(lab, 'node/gpu', '.metadata.deletionTimestamp')).not.toBe('');
    await kubectl(lab, ['patch', 'node', 'gpu', '--type=merge', '-p', '{"metadata":{"finalizers":[]}}']);
    expect(await kubectl(lab, ['get', 'nodes', '-o', 'name'])).toBe('node/system\n');
    // The way to Services has not gone with it.
    await untilAnswers(lab, 'here', 'http://web', 'here');
    const clusterIp = await jsonpath(lab, 'service/web', '.spec.clusterIP');
    await untilSays('here', () => inside(lab, [programs.probe, 'get', `http://${clusterIp}`]));
  });

  test('labs with real nodes stand side by side; one that is killed leaves no process, mount, namespace, cgroup or file', async () => {
    const other = await startControlPlane({ upstreamDns: [`${network.address}:5353`] });
    const extra = join(work, 'extra.tar');
    writeFileSync(extra, programImage('lab.example/extra:1', programs.probe));
    await addRealNode(other, { name: 'system', images: [extra], downloadMbit: 200 });
    expect(await inside(other, ['tc', 'qdisc', 'show', 'dev', 'node1'])).toContain('rate 200Mbit');
    await create(other, probe('here', { image: 'lab.example/extra:1' }));
    await ready(other, 'here');
    const upstream = join(work, 'upstream');
    const address = await jsonpath(other, 'pod/here', '.status.podIP');
    writeFileSync(upstream, `.:5353 {\n  bind ${network.address}\n  hosts {\n    ${address} outside.example\n  }\n}\n`);
    await other.run('upstream', [programs.coredns, '-conf', upstream]);
    await untilAnswers(other, 'here', 'http://outside.example:8080', 'here');
    const paths = cgroups(other);
    const kept = cgroups(lab);
    const [outer, inner, janitor] = readFileSync(join(other.directory, 'pids'), 'utf8').split(' ');
    const hosts = ['net', 'mnt', 'pid', 'uts'].map((kind) => namespaceOf(String(process.pid), kind));
    const family = new Set([inner!]);
    for (let before = 0; before < family.size;) {
      before = family.size;
      for (const pid of processes((each) => family.has(parent(each)))) family.add(pid);
    }
    const namespaces = new Set(
      [...family]
        .flatMap((pid) => ['net', 'mnt', 'pid', 'uts'].map((kind) => namespaceOf(pid, kind)))
        .filter((each) => !hosts.includes(each)),
    );
    // Those of the lab, of the node and of the pod.
    expect([...namespaces].filter((each) => each.startsWith('net:'))).toHaveLength(3);

    // One more is starting: it has made its first cgroup.
    const late = addRealNode(other, { name: 'late' }).catch((error: unknown) => error);
    while (!paths.some((path) => existsSync(join(path, 'late')))) await new Promise((resolve) => setImmediate(resolve));

    process.kill(Number(outer), 'SIGKILL');
    while (existsSync(`/proc/${janitor}`)) await new Promise((resolve) => setImmediate(resolve));
    // With the programs that it had sent into the lab.
    expect(await late).toBeInstanceOf(Error);
    expect(
      processes((pid) => ['net', 'mnt', 'pid', 'uts'].some((kind) => namespaces.has(namespaceOf(pid, kind)))),
    ).toEqual([]);
    expect(paths.filter((path) => existsSync(path))).toEqual([]);
    expect(existsSync(other.directory)).toBe(false);
    expect(readFileSync('/proc/self/mounts', 'utf8')).not.toContain(other.directory);
    expect(cgroups(lab)).toEqual(kept);
    await untilAnswers(lab, 'here', 'http://web', 'here');
  });
});
