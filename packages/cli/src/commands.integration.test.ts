import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { Kaito } from './testing/kaito.ts';

const kaito = new Kaito();
afterAll(() => kaito.dispose());

const model = 'smollm2-135m-instruct';
const file = (name: string, text: string) => {
  const path = join(kaito.directory, name);
  writeFileSync(path, text);
  return path;
};

describe('without a Workspace', () => {
  test('help goes to standard output, and each command has examples', async () => {
    const { code, out, err } = await kaito.run(['--help']);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toContain('Usage: kaito COMMAND');
    for (const command of ['up', 'down', 'get', 'plan', 'chat', 'completion']) {
      expect((await kaito.run([command, '--help'])).out).toContain(`\nExamples:\n  `);
    }
  });

  test.each([
    [['upp'], "Did you mean 'up'?"],
    [['up', '--quantized'], "Did you mean '--quantised'?"],
    [['up'], 'Name a preset'],
    [['up', model, '--port', '70000'], '--port takes a whole number'],
    [['get', '-o', 'xml'], 'Allowed choices'],
    [['chat', '--temperature', 'hot'], '--temperature takes a number'],
  ])('a wrong use exits with 2: %j', async (args, says) => {
    const { code, out, err } = await kaito.run(args);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(says);
    expect(err).not.toMatch(/^\s+at .*\.ts:/m);
  });

  test.each([
    [['get', 'nothing'], 'NotFound'],
    [['down'], 'NotFound'],
    [['chat'], 'NotFound'],
    [['up', 'smollm2-135m-instrukt'], 'Did you mean smollm2-135m-instruct?'],
    [['plan', '-f', '/no/such/file'], 'FileNotFound'],
    [['machines', 'Standard_NC64as_T4_v4'], 'Did you mean Standard_NC64as_T4_v3?'],
    [['use', 'no-such-context'], 'There is no'],
    [['get', '--context', 'prod', '--kubeconfig', '/no/such/file'], 'KubeconfigMissing'],
  ])('a refusal exits with 1: %j', async (args, says) => {
    const { code, out, err } = await kaito.run(args);
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toContain(says);
  });

  test('every problem of a manifest is named with its place', async () => {
    const bad = file(
      'bad.yaml',
      'apiVersion: kaito.sh/v1beta1\nkind: Workspace\nmetadata:\n  name: Bad_Name\nresource:\n  cuont: 1\n',
    );
    const { code, out } = await kaito.run(['validate', '-f', bad, '-o', 'json']);
    const { valid, findings } = JSON.parse(out) as {
      valid: boolean;
      findings: { code: string; line: number; file: string }[];
    };
    expect({ code, valid }).toEqual({ code: 1, valid: false });
    expect(findings.find((finding) => finding.code === 'UnknownField')).toMatchObject({
      line: 6,
      column: 3,
      file: bad,
    });
    expect(findings.length).toBeGreaterThan(2);
    const text = await kaito.run(['validate', bad]);
    expect(text.code).toBe(1);
    expect(text.out).toContain(`${bad}:6:3`);
  });

  test('broken YAML and text that is no UTF-8 are one clear error', async () => {
    const broken = await kaito.run(['plan', '-f', '-'], { input: 'a: [1\nb: }' });
    expect(broken.code).toBe(1);
    expect(broken.err).toContain('InvalidYAML');
    const path = join(kaito.directory, 'latin.yaml');
    writeFileSync(path, Buffer.from([0x61, 0x3a, 0xe9]));
    expect((await kaito.run(['validate', path])).err).toContain('InvalidUTF8');
  });

  test("the seed's manifest is admitted on a cluster, and here told what could run instead", async () => {
    const cluster = await kaito.run(['plan', '-f', 'examples/seed.yaml', '--target', 'cluster', '-o', 'json']);
    expect(cluster.code).toBe(0);
    expect(JSON.parse(cluster.out)).toMatchObject({ admitted: true, target: 'cluster', memory: { fits: true } });
    const objects = await kaito.run(['plan', '-f', 'examples/seed.yaml', '--target', 'cluster', '-o', 'yaml']);
    expect(objects.code).toBe(0);
    expect(objects.out.match(/^kind: .*$/gm)).toEqual(['kind: Service', 'kind: Deployment']);
    expect(objects.out).toContain('image: kaitolab.azurecr.io/mistral-7b-instruct:0.0.2');
    const local = await kaito.run(['plan', '-f', 'examples/seed.yaml']);
    expect(local.code).toBe(1);
    expect(local.out).toContain('is refused on this machine');
    expect(local.out).toContain('--quantised');
    expect(local.out).toContain('NVIDIA T4');
  });

  test('models and machines, with a catalog file over them', async () => {
    const catalog = file(
      'prices.yaml',
      'prices:\n  - {machine: Standard_NC64as_T4_v3, amount: 1.5, currency: EUR, per: hour, region: here, provenance: {source: ours}}\n',
    );
    const { out } = await kaito.run(['machines', 'Standard_NC64as_T4_v3', '--catalog', catalog]);
    expect(out).toContain('1.50 EUR/h in here, ours');
    const names = (await kaito.run(['models', '-o', 'name'])).out.split('\n');
    expect(names).toEqual(expect.arrayContaining([model, 'mistral-7b-instruct']));
    const fits = (await kaito.run(['machines', '--fits', 'mistral-7b-instruct', '-o', 'name'])).out.split('\n');
    expect(fits).toContain('Standard_NC64as_T4_v3');
    expect(fits).not.toContain('Standard_NC6');
    const bad = file('bad-catalog.yaml', 'prices:\n  - {machine: x}\n');
    expect((await kaito.run(['machines', '--catalog', bad])).code).toBe(1);
  });

  test('a reader that leaves early ends the command quietly', async () => {
    const { err } = await kaito.run(['models', '-o', 'json'], { onOutput: (_, child) => child.stdout?.destroy() });
    expect(err).not.toMatch(/EPIPE|Error/);
  });

  test('doctor and version as data', async () => {
    const { checks } = JSON.parse((await kaito.run(['doctor', '-o', 'json'])).out) as {
      checks: { name: string; state: string }[];
    };
    expect(checks.find(({ name }) => name === 'state')).toMatchObject({ state: 'ok' });
    expect(JSON.parse((await kaito.run(['version', '-o', 'json'])).out)).toMatchObject({ node: process.versions.node });
  });
});

describe('with the small model', { timeout: 300_000 }, () => {
  test('Ctrl-C leaves it to go on in the background and says so', async () => {
    const { code, err } = await kaito.run(['up', model, '--port', '0'], {
      onError: (text, child) => void (text.includes('started on this machine') && child.kill('SIGINT')),
    });
    expect(code).toBe(130);
    expect(err).toContain('goes on in the background on this machine');
    expect(err).toContain(`kaito down ${model}`);
  });

  test('up waits until it answers and prints the endpoint and the curl line', async () => {
    const { code, out, err } = await kaito.run(['up', model, '--port', '0']);
    expect(code, err).toBe(0);
    const url = /at (http:\/\/127\.0\.0\.1:\d+)/.exec(out)?.[1];
    expect(out).toContain(`curl -X POST ${url}/chat`);
    expect((await kaito.run(['up', model, '--port', '0', '-q'])).out).toBe(`${url}\n`);
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
  });

  test('get and describe show it ready, as text and as data', async () => {
    const table = await kaito.run(['get']);
    expect(table.out).toMatch(/^NAME +MODEL +STATE +RESOURCEREADY +INFERENCEREADY +WORKSPACEREADY +ENDPOINT +AGE\n/);
    expect(table.out).toMatch(/Ready +True +True +True +http:/);
    expect((await kaito.run(['get', 'workspaces', '-o', 'name'])).out).toBe(`workspace.kaito.sh/${model}\n`);
    expect(JSON.parse((await kaito.run(['get', model, '-o', 'json'])).out)).toMatchObject({
      kind: 'Workspace',
      metadata: { name: model },
      status: { state: 'Ready' },
    });
    expect(JSON.parse((await kaito.run(['get', '-o', 'json'])).out)).toMatchObject({ kind: 'List', items: [{}] });
    const { out } = await kaito.run(['describe']);
    for (const part of ['ModelLoaded', 'WorkspaceReady', '+ KV cache', 'on this machine']) expect(out).toContain(part);
    expect((await kaito.run(['__complete', '--', 'chat', ''])).out).toBe(`${model}\tReady\n`);
  });

  test('chat answers a message from the flag and from standard input, the same for the same seed', async () => {
    const flags = ['--max-tokens', '12', '--temperature', '0', '--seed', '1'];
    const flag = await kaito.run(['chat', '-m', 'Name a colour.', ...flags]);
    expect(flag.code, flag.err).toBe(0);
    expect(flag.out.trim()).not.toBe('');
    expect((await kaito.run(['chat', model, ...flags], { input: 'Name a colour.' })).out).toBe(flag.out);
    expect((await kaito.run(['chat'], { input: ' \n' })).code).toBe(2);
  });

  test('logs of the server and of the supervisor', async () => {
    expect((await kaito.run(['logs'])).out).toContain('"ready"');
    expect((await kaito.run(['logs', model, '--supervisor', '--tail', '1'])).out.trim().split('\n')).toHaveLength(1);
  });

  test('an API key is asked for and given', async () => {
    const key = file('key', 'secret-key\n');
    const up = await kaito.run(['up', model, '--port', '0', '--api-key-file', key, '-q']);
    expect(up.code, up.err).toBe(0);
    expect((await fetch(`${up.out.trim()}/v1/models`)).status).toBe(401);
    expect((await kaito.run(['chat', '-m', 'Hi', '--max-tokens', '3'])).code).toBe(0);
    const wrong = await kaito.run(['chat', '-m', 'Hi', '--api-key-file', file('wrong', 'x\n')]);
    expect(wrong.code).toBe(1);
    expect(wrong.err).toContain('Unauthorized');
  });

  test('down stops it', async () => {
    const { code, out } = await kaito.run(['down', model]);
    expect({ code, out }).toEqual({ code: 0, out: `${model} stopped on this machine\n` });
    expect((await kaito.run(['get'])).err).toContain('No Workspaces on this machine');
  });

  test('start asks the question of a manifest and leaves the server running', async () => {
    const first = await kaito.run(['start', '-f', 'examples/local.yaml', '--prompt', 'Name a colour.']);
    expect(first.code, first.err).toBe(0);
    expect(first.out).toContain('Name a colour.');
    expect(first.out).toContain('./kaito chat');
    const again = await kaito.run(['start', '-f', 'examples/local.yaml', '--prompt', 'Name a colour.']);
    expect(again.err).toContain('runs already on this machine');
    expect((await kaito.run(['down', '-f', 'examples/local.yaml'])).code).toBe(0);
  });
});
