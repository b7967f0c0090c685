import { randomInt } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { readManifest } from '../../../images/src/layout.ts';
import {
  type Container,
  type ContainerConfig,
  configOf,
  runContainer,
  unpack,
} from '../../../images/src/testing/container.ts';
import { settingNames } from './launch/settings.ts';
import { type StandIn, ensureStandIns } from './index.ts';
import { curlReference } from './references.ts';
import { launchLine, presetNamed, rendezvousHost } from './testing/launch-lines.ts';

let folder: string;
let standIns: readonly StandIn[];
let curl: ContainerConfig;
const running: Container[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stand-ins-'));
  standIns = await ensureStandIns(() => {});
  await unpack(imageOf('kaito-mistral-7b-instruct:'), join(folder, 'model'));
  await unpack(imageOf(curlReference), join(folder, 'curl'));
  curl = await configOf(imageOf(curlReference));
}, 600_000);
afterEach(async () => {
  for (const container of running) container.signal('SIGTERM');
  await Promise.all(running.splice(0).map(({ ended }) => ended));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function imageOf(part: string): StandIn['image'] {
  return standIns.find(({ reference }) => reference.includes(part))!.image;
}

/** Runs a launch line in the image of a preset, as the pod of that number of a job whose pods are in `network`. */
async function pod(part: string, line: string, network: string, ordinal = 0): Promise<Container> {
  const container = runContainer(join(folder, 'model'), await configOf(imageOf(part)), {
    command: ['/bin/sh', '-c', line.replaceAll(rendezvousHost, `${network}.1`)],
    env: { [settingNames.host]: `${network}.${ordinal + 1}`, HOSTNAME: `workspace-${ordinal}` },
  });
  running.push(container);
  return container;
}

/** What curl's image prints for these arguments. */
async function answer(...args: readonly string[]): Promise<string> {
  const { code, output } = await runContainer(join(folder, 'curl'), curl, { args }).ended;
  expect(code).toBe(0);
  return output;
}

/** An address range of this machine's loopback that nobody else has, so that ports can be those of a pod. */
const network = () => `127.${randomInt(1, 255)}.${randomInt(256)}`;
const patiently = ['--silent', '--retry', '100', '--retry-delay', '1', '--retry-all-errors', '--fail'];
const json = ['-H', 'accept: application/json', '-H', 'Content-Type: application/json'];

describe('the images', () => {
  it('say what they are', async () => {
    for (const { image } of standIns) {
      const { Labels } = await configOf(image);
      expect(Labels['org.opencontainers.image.description']).toMatch(/^Not the image that its name promises: /);
    }
  });

  it('are built once, and the presets share all layers', async () => {
    expect(await ensureStandIns(() => {})).toEqual(standIns);
    const models = standIns.filter(({ reference }) => reference !== curlReference).map(({ image }) => image);
    const layers = await Promise.all(models.map(async (image) => JSON.stringify((await readManifest(image)).layers)));
    expect(new Set(layers).size).toBe(1);
    expect(new Set(models.map(({ digest }) => digest)).size).toBe(3);
  });
});

describe('the containers', () => {
  it("answer the walkthrough's question, by a model that ends when its pod does", async () => {
    const here = network();
    const line = launchLine(presetNamed('mistral-7b-instruct'), 1);
    const model = await pod('kaito-mistral-7b-instruct:', line, here);
    const data = JSON.stringify({
      prompt: 'Who is Inigo Montoya and from what movie?',
      generate_kwargs: { max_length: 40 },
    });
    // By its entrypoint: a command, and options alone.
    const asked = await answer('curl', ...patiently, '-X', 'POST', `http://${here}.1:5000/chat`, ...json, '-d', data);
    expect(JSON.parse(asked)).toEqual({ Result: expect.stringMatching(/^Who is Inigo Montoya .*\?\s+\w/s) as string });
    expect(await answer('--silent', `http://${here}.1:5000/healthz`)).toBe('{"status":"Healthy"}');
    expect(model.output()).toMatch(/^\[stand-in\] This image of KAITO's lab stands in for a preset's image\./);
    model.signal('SIGTERM');
    expect((await model.ended).code).toBe(0);
  });

  it('of two nodes answer when both are there', async () => {
    const here = network();
    const line = launchLine(presetNamed('llama-2-70b-chat'), 2);
    await pod('kaito-llama-2-70b-chat:', line, here, 0);
    await pod('kaito-llama-2-70b-chat:', line, here, 1);
    expect(await answer(...patiently, `http://${here}.2:5000/healthz`)).toBe('{"status":"Healthy"}');
    const input = { input_data: { input_string: [[{ role: 'user', content: 'Name a colour.' }]] } };
    const data = JSON.stringify({ ...input, parameters: { max_gen_len: 4 } });
    const asked = await answer('curl', ...patiently, `http://${here}.1:5000/chat`, ...json, '-d', data);
    expect(JSON.parse(asked)).toMatchObject({ results: [[{ role: 'User' }, { role: 'Assistant' }]] });
  });

  it("of curl run Debian's curl with TLS, as a user without rights", async () => {
    expect(await answer('curl', '--version')).toMatch(/^curl [\d.]+ .*(OpenSSL|GnuTLS)[^]*https/);
    expect(await answer('id')).toMatch(/^uid=100\(curl_user\) gid=101\(curl_group\)/);
  });
});
