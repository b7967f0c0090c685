import { writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { emulatedAzure, type EmulatedAzure } from '../../azure/testing/emulated.ts';

const source = 'mcr.microsoft.com/aks/kaito/kaito-mistral-7b-instruct:0.0.2';
const nobody = { appId: '00000000-0000-0000-0000-00000000dead', objectId: '', secret: 'wrong' };

/** A proxy by which Azure's own host names lead to the emulator. */
const proxy = createServer().on('connect', (_, socket) => {
  const to = connect(Number(new URL(process.env['KAITO_AZURE_ENDPOINT']!).port), '127.0.0.1', () => {
    socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
    to.pipe(socket).pipe(to);
  });
  to.on('error', () => socket.destroy());
  socket.on('error', () => to.destroy());
});

let azure: EmulatedAzure;
let registry: string;
let id: string;
beforeAll(async () => {
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  process.env['HTTPS_PROXY'] = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  process.env['NO_PROXY'] = 'localhost,127.0.0.1';
  azure = await emulatedAzure();
  const name = `kaito${azure.subscriptionId.replaceAll('-', '')}`;
  const group = azure.id.replace(/\/providers\/.*/, '');
  id = `${group}/providers/Microsoft.ContainerRegistry/registries/${name}`;
  await azure.arm('PUT', id, '2023-07-01', { location: 'westus3', sku: { name: 'Standard' } });
  registry = `${name}.azurecr.io`;
});
afterAll(async () => {
  await azure.close();
  proxy.closeAllConnections();
  proxy.close();
});

const principal = async (role: string) =>
  (await azure.admin('POST', '/service-principals', { role, scope: id })) as typeof nobody;

describe("a registry of Azure, with Azure's login", () => {
  test('who may push copies an image there and lists it; who may pull reads it', async () => {
    const pusher = await principal('AcrPush');
    const copied = await azure.run(['image', 'copy', source, `${registry}/mistral-7b-instruct:0.0.2`], pusher);
    expect(copied).toMatchObject({ code: 0, out: expect.stringContaining(`${registry}/mistral-7b-instruct:0.0.2@`) });
    const puller = await principal('AcrPull');
    const inspected = await azure.run(['image', 'inspect', `${registry}/mistral-7b-instruct:0.0.2`], puller);
    expect(inspected.code).toBe(0);
  });

  test('who may only pull is told which role is missing', async () => {
    const { code, err } = await azure.run(
      ['image', 'copy', source, `${registry}/other:v1`],
      await principal('AcrPull'),
    );
    expect(code).toBe(1);
    expect(err).toMatch(/^error: .* does not grant the right to push to other\. \[Denied\]$/m);
    expect(err).toContain('AcrPush to push');
  });

  test('weights are pushed with it too', async () => {
    const file = join(azure.directory, 'ours.gguf');
    writeFileSync(file, 'GGUF weights');
    const pushed = await azure.run(['models', 'push', file, `${registry}/models/ours:v1`], await principal('AcrPush'));
    expect(pushed).toMatchObject({ code: 0, out: expect.stringContaining(`${registry}/models/ours:v1@sha256:`) });
  });

  test('a login that does not work is the one error', async () => {
    for (const command of [
      ['image', 'list', registry],
      ['models', 'push', join(azure.directory, 'ours.gguf'), `${registry}/models/ours:v2`],
    ]) {
      const { code, err } = await azure.run(command, nobody);
      expect(code).toBe(1);
      expect(err).toMatch(/^error: .*\[LoginRefused\]$/m);
    }
  });

  test("Docker's login is taken first", async () => {
    const auth = Buffer.from('somebody:wrong').toString('base64');
    writeFileSync(join(azure.directory, 'config.json'), JSON.stringify({ auths: { [registry]: { auth } } }));
    const { code, err } = await azure.run(['image', 'list', registry]);
    expect(code).toBe(1);
    expect(err).toContain(`docker login ${registry}`);
  });
});
