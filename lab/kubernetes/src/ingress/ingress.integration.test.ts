import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import { request } from 'node:https';
import { connect as connectSocket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { connect as connectTls } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { network, signCertificate } from '../certificates.ts';
import { type ControlPlane, startControlPlane } from '../control-plane.ts';
import { kubectl } from '../nodes.ts';
import { addRealNode } from '../real-nodes/nodes.ts';
import { checkRealNodes } from '../real-nodes/requirements.ts';
import { ingressImage } from './ingress-controller.ts';
import { ingressObjects } from './ingress-objects.ts';

const reason = await checkRealNodes().then(
  () => undefined,
  (error: Error) => error.message,
);

/** The first manifest of the page. */
const page = readFileSync(new URL('../../../../docs/exposing.md', import.meta.url), 'utf8');
const example = /^```yaml\n([\s\S]*?)^```$/m.exec(page)![1]!;

const host = 'phi-2.example.com';
const port = 5000;

/** Where the example leads: a Workspace's Service, and behind it a server outside the lab. */
const backend = [
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'workspace-phi-2' },
    spec: { ports: [{ name: 'http', port: 80, targetPort: port }] },
  },
  {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: 'workspace-phi-2', labels: { 'kubernetes.io/service-name': 'workspace-phi-2' } },
    addressType: 'IPv4',
    endpoints: [{ addresses: [network.address], conditions: { ready: true } }],
    ports: [{ name: 'http', port }],
  },
];

describe.skipIf(reason !== undefined)(`an ingress controller${reason === undefined ? '' : ` (${reason})`}`, () => {
  const work = mkdtempSync(join(tmpdir(), 'ingress-'));
  /** The answers that the model has begun. */
  const begun: ServerResponse[] = [];
  const model = createServer((asked: IncomingMessage, response: ServerResponse) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write('data: first\n\n');
    begun.push(response);
    asked.resume();
  });
  let lab: ControlPlane;

  beforeAll(async () => {
    const image = join(work, 'ingress.tar');
    writeFileSync(image, await ingressImage(() => {}));
    model.listen(join(work, 'model'));
    await once(model, 'listening');
    lab = await startControlPlane({ outlets: [{ address: network.address, port, socket: join(work, 'model') }] });
    await addRealNode(lab, { name: 'node', images: [image] });
    const pki = join(lab.directory, 'pki');
    const leaf = { name: 'tls', subject: '/CN=phi-2', usage: 'serverAuth', names: [`DNS:${host}`] } as const;
    await signCertificate(work, leaf, 100, pki);
    const items = [...ingressObjects(), ...backend];
    await kubectl(lab, ['create', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
    const files = [`--cert=${join(work, 'tls.crt')}`, `--key=${join(work, 'tls.key')}`];
    await kubectl(lab, ['create', 'secret', 'tls', 'phi-2-tls', ...files]);
    const password = createHash('sha1').update('secret').digest('base64');
    await kubectl(lab, ['create', 'secret', 'generic', 'phi-2-users', `--from-literal=auth=somebody:{SHA}${password}`]);
    await kubectl(lab, ['create', '-f', '-'], example);
    await kubectl(lab, ['rollout', 'status', 'deployment/traefik', '-n', 'traefik', '--timeout=90s']);
    const address = ['get', 'service', 'traefik', '-n', 'traefik', '-o', 'jsonpath={.spec.clusterIP}'];
    await lab.inlet(join(work, 'https'), { host: await kubectl(lab, address), port: 443 });
  }, 1_800_000);

  afterAll(async () => {
    await lab?.stop();
    model.close();
    model.closeAllConnections();
    rmSync(work, { recursive: true, force: true });
  });

  /** Asks the model from outside, over TLS that is verified. */
  async function ask(auth?: string): Promise<IncomingMessage> {
    const ca = readFileSync(join(lab.directory, 'pki', 'ca.crt'));
    const asked = request({
      host,
      path: '/v1/chat/completions',
      method: 'POST',
      ...(auth !== undefined && { auth }),
      createConnection: () => connectTls({ socket: connectSocket(join(work, 'https')), servername: host, ca }),
    });
    asked.end('{"stream":true}');
    const [answer] = (await once(asked, 'response')) as [IncomingMessage];
    return answer;
  }

  /** Until the controller has taken up the example; a test's own deadline bounds it. */
  async function untilServed(): Promise<void> {
    for (;;) {
      const answer = await ask().catch(() => undefined);
      answer?.destroy();
      if (answer?.statusCode === 401) return;
    }
  }

  test('serves the documented example: who is not known is turned away, and tokens come as they are made', async () => {
    await untilServed();
    expect((await ask('somebody:wrong')).statusCode).toBe(401);
    expect(begun).toEqual([]);
    const answer = await ask('somebody:secret');
    expect(answer.statusCode).toBe(200);
    const [first] = (await once(answer, 'data')) as [Buffer];
    // The model has not said more yet.
    expect(first.toString()).toBe('data: first\n\n');
    begun[0]!.end('data: second\n\n');
    expect(await text(answer)).toBe('data: second\n\n');
  });
});
