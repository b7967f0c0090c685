import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { ManualClock } from '../testing/manual-clock.ts';
import { ConfigError } from './cluster-config.ts';
import type { ClusterConfig, Credential } from './cluster-config.ts';
import { inClusterConfig } from './in-cluster.ts';
import { loadConfig } from './load-config.ts';
import type { LoadConfigOptions } from './load-config.ts';

let folder: string;
let clock: ManualClock;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'kubeconfig-'));
  clock = new ManualClock('2026-01-01T00:00:00Z');
});
afterEach(() => rmSync(folder, { recursive: true }));

const pem = '-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----';
const base64 = (text: string) => Buffer.from(text).toString('base64');

function write(name: string, content: unknown): string {
  const file = path.join(folder, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, typeof content === 'string' ? content : stringify(content));
  return file;
}

function kubeconfig(change: { cluster?: object; user?: object; context?: object; top?: object } = {}): string {
  return write('config', {
    'current-context': 'prod',
    clusters: [{ name: 'c', cluster: { server: 'https://api.example.org:6443', ...change.cluster } }],
    users: [{ name: 'ada', user: { token: 't', ...change.user } }],
    contexts: [
      { name: 'prod', context: { cluster: 'c', user: 'ada', ...change.context } },
      { name: 'staging', context: { cluster: 'c', user: 'ada', namespace: 'web' } },
    ],
    ...change.top,
  });
}

function load(options: Partial<LoadConfigOptions> = {}): ClusterConfig {
  return loadConfig({ clock, env: {}, home: folder, terminal: false, say: () => {}, ...options });
}

function refusal(action: () => unknown): ConfigError {
  try {
    action();
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('which files', () => {
  test('--kubeconfig alone, else KUBECONFIG, else ~/.kube/config, else the pod', () => {
    const file = kubeconfig();
    expect(load({ kubeconfig: file, env: { KUBECONFIG: '/nowhere' } }).source).toBe(`context "prod" of ${file}`);
    expect(load({ env: { KUBECONFIG: file } }).namespace).toBe('default');
    const home = path.join(folder, 'home');
    write('home/.kube/config', {
      'current-context': 'x',
      contexts: [{ name: 'x', context: { cluster: 'k' } }],
      clusters: [{ name: 'k', cluster: { server: 'https://k' } }],
    });
    expect(load({ home }).server).toBe('https://k');
    expect(load({ home, env: { KUBERNETES_SERVICE_HOST: '10.0.0.1', KUBERNETES_SERVICE_PORT: '443' } }).server).toBe(
      'https://k',
    );
    expect(
      refusal(() => load({ env: { KUBERNETES_SERVICE_HOST: '10.0.0.1', KUBERNETES_SERVICE_PORT: '443' } })).message,
    ).toContain('ServiceAccount');
  });

  test('the first file that says something counts, and files that are missing are passed over', () => {
    const first = kubeconfig({ context: { namespace: 'first' } });
    const second = write('second', {
      'current-context': 'staging',
      clusters: [{ name: 'c', cluster: { server: 'https://loses' } }],
      contexts: [{ name: 'extra', context: { cluster: 'c', user: 'ada', namespace: 'extra' } }],
    });
    const env = { KUBECONFIG: ['/nowhere', first, '', second, first].join(path.delimiter) };
    expect(load({ env })).toMatchObject({
      context: 'prod',
      namespace: 'first',
      server: 'https://api.example.org:6443',
    });
    expect(load({ env, context: 'extra' })).toMatchObject({
      namespace: 'extra',
      source: `context "extra" of ${second}`,
    });
  });

  test('none at all, one that is no YAML, and one that is something else', () => {
    expect(refusal(() => load())).toMatchObject({
      code: 'KubeconfigMissing',
      remedy: expect.stringContaining('az aks get-credentials') as string,
    });
    expect(refusal(() => load({ kubeconfig: path.join(folder, 'none') })).message).toContain(path.join(folder, 'none'));
    const broken = write('broken', 'a: [');
    expect(refusal(() => load({ kubeconfig: broken }))).toMatchObject({
      code: 'KubeconfigInvalid',
      message: expect.stringContaining(broken) as string,
    });
    for (const other of [{ kind: 'Pod' }, 'just text', { clusters: 'x' }, { clusters: [{}] }])
      expect(refusal(() => load({ kubeconfig: write('other', other) })).code).toBe('KubeconfigInvalid');
    expect(refusal(() => load({ kubeconfig: folder })).code).toBe('KubeconfigUnreadable');
  });
});

describe('which context', () => {
  test('an unknown one is refused with what was probably meant', () => {
    const file = kubeconfig();
    expect(refusal(() => load({ kubeconfig: file, context: 'stagin' }))).toMatchObject({
      code: 'ContextUnknown',
      message: `there is no context "stagin" in ${file}`,
      remedy: 'did you mean "staging"?',
    });
    expect(refusal(() => load({ kubeconfig: file, context: 'zzzzzz' })).remedy).toBe('it has: prod, staging');
    expect(refusal(() => load({ kubeconfig: kubeconfig({ top: { 'current-context': '' } }) })).code).toBe(
      'ContextUnset',
    );
    expect(refusal(() => load({ kubeconfig: kubeconfig({ context: { cluster: 'd' } }) })).code).toBe('ClusterUnknown');
    expect(refusal(() => load({ kubeconfig: kubeconfig({ context: { user: 'adda' } }) }))).toMatchObject({
      code: 'UserUnknown',
      remedy: 'did you mean "ada"?',
    });
  });
});

describe('the cluster', () => {
  test('authority inline, or in a file beside the kubeconfig that is read again once a minute', () => {
    expect(
      load({ kubeconfig: kubeconfig({ cluster: { 'certificate-authority-data': base64(pem) } }) }).authorities(),
    ).toBe(pem);
    write('pki/ca.crt', pem);
    const config = load({ kubeconfig: kubeconfig({ cluster: { 'certificate-authority': 'pki/ca.crt' } }) });
    expect(config.authorities()).toBe(pem);
    write('pki/ca.crt', `${pem}\nnew`);
    clock.advance(59_000);
    expect(config.authorities()).toBe(pem);
    clock.advance(1_000);
    expect(config.authorities()).toBe(`${pem}\nnew`);
    rmSync(path.join(folder, 'pki'), { recursive: true });
    clock.advance(60_000);
    expect(config.authorities()).toBe(`${pem}\nnew`);
  });

  test('what cannot be is refused where it stands', () => {
    const cases: readonly [object, string, RegExp][] = [
      [
        { 'certificate-authority-data': 'no base64!' },
        'Base64Invalid',
        /certificate-authority-data of cluster "c" of .* is no base64/,
      ],
      [{ 'certificate-authority-data': base64('text') }, 'PemInvalid', /holds no PEM/],
      [{ server: '' }, 'ServerMissing', /has no server/],
      [{ server: 'ftp://x' }, 'ServerInvalid', /no address/],
      [
        { 'insecure-skip-tls-verify': true, 'certificate-authority-data': base64(pem) },
        'TlsContradiction',
        /skips verification/,
      ],
      [{ 'proxy-url': 'socks5://p:1' }, 'ProxyUnsupported', /socks5/],
    ];
    for (const [cluster, code, says] of cases) {
      const error = refusal(() => load({ kubeconfig: kubeconfig({ cluster }) }));
      expect(error.code).toBe(code);
      expect(error.message).toMatch(says);
      expect(error.remedy).not.toBe('');
    }
    const missing = load({ kubeconfig: kubeconfig({ cluster: { 'certificate-authority': 'none.crt' } }) });
    expect(refusal(() => missing.authorities())).toMatchObject({
      code: 'FileUnreadable',
      message: expect.stringContaining(path.join(folder, 'none.crt')) as string,
    });
  });

  test('server name, insecure, proxy, compression', () => {
    const config = load({
      kubeconfig: kubeconfig({
        cluster: { 'tls-server-name': 'other', 'insecure-skip-tls-verify': true, 'proxy-url': 'http://p:3128' },
      }),
      env: { HTTPS_PROXY: 'http://loses' },
    });
    expect(config).toMatchObject({
      tlsServerName: 'other',
      insecureSkipTlsVerify: true,
      compress: true,
      proxy: { HTTPS_PROXY: 'http://p:3128', HTTP_PROXY: 'http://p:3128' },
    });
    const env = { https_proxy: 'http://e', NO_PROXY: '.svc', NO: 'x' };
    expect(load({ kubeconfig: kubeconfig(), env }).proxy).toEqual({ https_proxy: 'http://e', NO_PROXY: '.svc' });
    expect(load({ kubeconfig: kubeconfig(), env: { NO_PROXY: '.svc' } }).proxy).toBeUndefined();
    expect(load({ kubeconfig: kubeconfig({ cluster: { 'disable-compression': true } }) }).compress).toBe(false);
    expect(load({ kubeconfig: kubeconfig({ cluster: { server: 'https://127.0.0.1:6443' } }) }).compress).toBe(false);
    expect(load({ kubeconfig: kubeconfig({ cluster: { server: 'localhost:8080' } }) }).server).toBe(
      'http://localhost:8080',
    );
  });
});

async function credential(user: object): Promise<Credential> {
  return await load({ kubeconfig: kubeconfig({ user }) }).credentials.current();
}

describe('the user', () => {
  test('token, certificate, token file', async () => {
    expect(await credential({})).toEqual({ token: 't' });
    expect(
      await credential({ token: undefined, 'client-certificate-data': base64(pem), 'client-key-data': base64(pem) }),
    ).toEqual({ certificate: pem, key: pem });
    write('token', 'from file\n');
    const { credentials } = load({ kubeconfig: kubeconfig({ user: { tokenFile: 'token' } }) });
    expect(await credentials.current()).toEqual({ token: 'from file' });
    write('token', 'newer');
    expect(await credentials.current()).toEqual({ token: 'from file' });
    expect(credentials.refused({ token: 'from file' })).toBe(true);
    expect(await credentials.current()).toEqual({ token: 'newer' });
    expect(credentials.refused({ token: 'newer' })).toBe(false);
  });

  test('whom to act as', () => {
    const user = { as: 'bob', 'as-uid': '7', 'as-groups': ['g'], 'as-user-extra': { reason: ['r'] } };
    expect(load({ kubeconfig: kubeconfig({ user }) }).impersonate).toEqual({
      user: 'bob',
      uid: '7',
      groups: ['g'],
      extra: { reason: ['r'] },
    });
    expect(refusal(() => load({ kubeconfig: kubeconfig({ user: { 'as-groups': ['g'] } }) })).code).toBe(
      'ImpersonationIncomplete',
    );
  });

  test('what no API server accepts any more, and what is only half there', () => {
    const cases: readonly [object, string][] = [
      [{ username: 'a', password: 'b' }, 'BasicAuthRemoved'],
      [{ 'auth-provider': { name: 'azure' } }, 'AuthProviderRemoved'],
      [{ 'client-certificate-data': base64(pem) }, 'CertificateIncomplete'],
      [{ 'client-key': 'k' }, 'CertificateIncomplete'],
    ];
    for (const [user, code] of cases) expect(refusal(() => load({ kubeconfig: kubeconfig({ user }) })).code).toBe(code);
  });
});

describe('in a pod', () => {
  const env = { KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '443' };

  test('token and authority are read again once a minute', async () => {
    write('token', 'one');
    write('ca.crt', pem);
    const config = inClusterConfig({ clock, env, folder });
    expect(config).toMatchObject({ server: 'https://[fd00::1]:443', namespace: 'default' });
    write('token', 'two');
    clock.advance(59_999);
    expect(await config.credentials.current()).toEqual({ token: 'one' });
    clock.advance(1);
    expect(await config.credentials.current()).toEqual({ token: 'two' });
  });

  test('without its ServiceAccount it is told at once', () => {
    expect(refusal(() => inClusterConfig({ clock, env, folder }))).toMatchObject({
      code: 'FileUnreadable',
      remedy: expect.stringContaining('automountServiceAccountToken') as string,
    });
    expect(refusal(() => inClusterConfig({ clock, env: {}, folder })).code).toBe('NotInCluster');
  });
});
