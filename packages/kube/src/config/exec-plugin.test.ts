import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ManualClock } from '../testing/manual-clock.ts';
import { ConfigError } from './cluster-config.ts';
import { ExecPlugin } from './exec-plugin.ts';
import type { ExecEntry } from './kubeconfig.ts';

let folder: string;
let clock: ManualClock;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'exec-'));
  clock = new ManualClock('2026-01-01T00:00:00Z');
});
afterEach(() => rmSync(folder, { recursive: true }));

function write(name: string, content: string): string {
  const file = path.join(folder, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, content);
  return file;
}

function plugin(entry: object): ExecPlugin {
  const rest = { where: 'user "ada"', folder, cluster: {}, clock, env: process.env, terminal: false, say: () => {} };
  return new ExecPlugin({ entry: entry as ExecEntry, ...rest });
}

async function failure(exec: object): Promise<ConfigError> {
  const error = await Promise.resolve(plugin(exec).current()).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ConfigError);
  return error as ConfigError;
}

const version = 'client.authentication.k8s.io/v1';
const script = (body: string) => ({
  apiVersion: version,
  command: process.execPath,
  args: ['-e', body],
  interactiveMode: 'Never',
});
const printing = (status: object, apiVersion = version) =>
  script(`console.log('${JSON.stringify({ kind: 'ExecCredential', apiVersion, status })}')`);
test('are kept until they expire', async () => {
  const body = `
    const { readFileSync, writeFileSync } = require('node:fs');
    const count = Number(readFileSync('${path.join(folder, 'count')}', 'utf8')) + 1;
    writeFileSync('${path.join(folder, 'count')}', String(count));
    console.log(JSON.stringify({ kind: 'ExecCredential', apiVersion: '${version}', status: { token: 't' + count, expirationTimestamp: '2026-01-01T0' + count + ':00:00Z' } }));`;
  write('count', '0');
  const credentials = plugin(script(body));
  const [first, second] = await Promise.all([credentials.current(), credentials.current()]);
  expect([first, second]).toEqual([{ token: 't1' }, { token: 't1' }]);
  clock.advance(3_599_000);
  expect(credentials.current()).toEqual({ token: 't1' });
  clock.advance(1_000);
  expect(await credentials.current()).toEqual({ token: 't2' });
  expect(credentials.refused({ token: 'of an older call' })).toBe(true);
  expect(credentials.current()).toEqual({ token: 't2' });
  expect(credentials.refused(await credentials.current())).toBe(true);
  expect(await credentials.current()).toEqual({ token: 't3' });
});

test('may give a client certificate, and stand beside the kubeconfig', async () => {
  const file = write(
    'bin/login',
    `#!/bin/sh\necho '${JSON.stringify({ kind: 'ExecCredential', apiVersion: version, status: { clientCertificateData: 'C', clientKeyData: 'K' } })}'\n`,
  );
  chmodSync(file, 0o755);
  expect(
    await plugin({ apiVersion: version, command: './bin/login', interactiveMode: 'IfAvailable' }).current(),
  ).toEqual({ certificate: 'C', key: 'K' });
});

test('each failure names the program and what to do', async () => {
  expect(
    await failure({ apiVersion: version, command: 'no-such-kubelogin', installHint: 'brew install kubelogin' }),
  ).toMatchObject({
    code: 'ExecPluginMissing',
    message: `no-such-kubelogin, which logs in user "ada", is not installed`,
    remedy: 'brew install kubelogin',
  });
  expect(await failure({ apiVersion: version, command: 'no-such-kubelogin' })).toMatchObject({
    remedy: expect.stringContaining('PATH') as string,
  });
  expect(await failure(script('console.error("token expired\\nplease run az login"); process.exit(3)'))).toMatchObject({
    code: 'ExecPluginFailed',
    message: expect.stringMatching(/ended with status 3: please run az login$/) as string,
  });
  expect((await failure(script('console.log("hello")'))).message).toContain('no JSON');
  expect((await failure(printing({ token: 't' }, 'client.authentication.k8s.io/v1beta1'))).message).toContain(
    'not ExecCredential of client.authentication.k8s.io/v1',
  );
  expect((await failure(printing({}))).message).toContain('neither a token');
  expect((await failure(printing({ token: 't', expirationTimestamp: '2025-01-01T00:00:00Z' }))).code).toBe(
    'ExecPluginExpired',
  );
  expect((await failure(printing({ token: 't', expirationTimestamp: 'soon' }))).code).toBe('ExecPluginAnswer');
});

test('are refused at once where they cannot work', () => {
  expect(() => plugin({ ...script(''), apiVersion: 'client.authentication.k8s.io/v1alpha1' })).toThrow(
    expect.objectContaining({ code: 'ExecPluginVersion' }) as Error,
  );
  expect(() => plugin({ ...script(''), interactiveMode: 'Always' })).toThrow(
    expect.objectContaining({ code: 'ExecPluginNeedsTerminal' }) as Error,
  );
  expect(() => plugin({ apiVersion: version })).toThrow(
    expect.objectContaining({ code: 'ExecPluginInvalid' }) as Error,
  );
});
