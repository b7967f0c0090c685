import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { afterEach, expect, test, vi } from 'vitest';
import { silentLogger } from '../../logger.ts';
import { secrets } from '../../resources.ts';
import { ManualClock, MemoryClient, refusal, settled } from '../../testing/index.ts';
import type { Lifetimes } from './decide.ts';
import { createCertificateKeeper } from './keeper.ts';
import type { CertificateKeeper } from './keeper.ts';
import { entries } from './stored.ts';

const day = 86_400_000;
const lifetimes: Lifetimes = { authorityMs: 300 * day, leafMs: 30 * day, settleMs: 600_000 };
const ref = { namespace: 'kaito', name: 'webhook-cert' };
const stops: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

function start(client: MemoryClient, clock: ManualClock, names = ['webhook.kaito.svc']): CertificateKeeper {
  const keeper = createCertificateKeeper({
    client,
    clock,
    logger: silentLogger,
    namespace: ref.namespace,
    secretName: ref.name,
    names,
    ipAddresses: ['127.0.0.1', '::1'],
    lifetimes,
    random: () => 0,
  });
  const ending = new AbortController();
  const ended = keeper.run(ending.signal);
  stops.push(async () => {
    ending.abort(new Error('the test is over'));
    await ended;
  });
  return keeper;
}

function until(condition: () => boolean): Promise<void> {
  return vi.waitFor(() => expect(condition()).toBe(true), { timeout: 20_000, interval: 5 });
}

/** Lets time pass; the keepers look at their certificates at least once. */
async function pass(clock: ManualClock, ms: number): Promise<void> {
  clock.advance(ms);
  await settled();
}

async function secretOf(client: MemoryClient) {
  return await client.get(secrets, ref);
}

async function textOf(client: MemoryClient, entry: string): Promise<string> {
  return Buffer.from((await secretOf(client)).data?.[entry] ?? '', 'base64').toString('utf8');
}

function certificates(text: string): X509Certificate[] {
  return (text.match(/-----BEGIN[^-]+-----[^-]+-----END[^-]+-----/g) ?? []).map((pem) => new X509Certificate(pem));
}

const writes = (client: MemoryClient) =>
  client.calls.filter(({ verb }) => verb === 'create' || verb === 'replace' || verb === 'patch').length;

test('makes the Secret where there is none, with a chain that Node and openssl accept', async () => {
  const client = new MemoryClient();
  const keeper = start(client, new ManualClock());
  expect(keeper.notReady?.()).toMatch(/has not been read yet/);
  const pair = await keeper.whenReady();
  expect(keeper.notReady?.()).toBeUndefined();
  const [authority] = certificates(keeper.authorities!);
  const leaf = new X509Certificate(pair.certificate);
  expect(authority!.ca).toBe(true);
  expect(leaf.ca).toBe(false);
  expect(leaf.checkIssued(authority!) && leaf.verify(authority!.publicKey)).toBe(true);
  expect(leaf.checkHost('webhook.kaito.svc')).toBe('webhook.kaito.svc');
  expect(leaf.checkHost('other.kaito.svc')).toBeUndefined();
  expect(leaf.checkIP('127.0.0.1')).toBe('127.0.0.1');
  expect(leaf.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1']);
  expect(leaf.publicKey.asymmetricKeyDetails?.namedCurve).toBe('prime256v1');
  const text = execFileSync('openssl', ['x509', '-noout', '-text', '-certopt', 'no_pubkey,no_sigdump'], {
    input: pair.certificate,
    encoding: 'utf8',
  });
  expect(text).toMatch(/CA:FALSE[\s\S]*TLS Web Server Authentication[\s\S]*DNS:webhook.kaito.svc/);
  expect(writes(client)).toBe(1);
});

test('fills the empty Secret that a chart ships, and keeps its other entries and labels', async () => {
  const client = new MemoryClient();
  await client.create(secrets, {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { ...ref, labels: { app: 'kaito' } },
    data: { [entries.certificate]: '', other: 'eA==' },
  });
  await start(client, new ManualClock()).whenReady();
  const secret = await secretOf(client);
  expect(secret.metadata.labels).toEqual({ app: 'kaito' });
  expect(secret.data?.['other']).toBe('eA==');
});

test('two replicas that start at once end with one Secret', async () => {
  const client = new MemoryClient();
  const clock = new ManualClock();
  const keepers = [start(client, clock), start(client, clock)];
  const pairs = await Promise.all(keepers.map((keeper) => keeper.whenReady()));
  expect(pairs[0]).toEqual(pairs[1]);
  expect(keepers[0]!.authorities).toBe(keepers[1]!.authorities);
  expect(client.calls.filter(({ verb }) => verb === 'create')).toHaveLength(2);
});

test('two replicas that find an empty Secret at once end with one content', async () => {
  const client = new MemoryClient();
  await client.create(secrets, { apiVersion: 'v1', kind: 'Secret', metadata: ref });
  const clock = new ManualClock();
  const keepers = [start(client, clock), start(client, clock)];
  const pairs = await Promise.all(keepers.map((keeper) => keeper.whenReady()));
  expect(pairs[0]).toEqual(pairs[1]);
  expect((await textOf(client, entries.certificate)) === pairs[0]!.certificate).toBe(true);
});

test('writes nothing while nothing is due', async () => {
  const client = new MemoryClient();
  const clock = new ManualClock();
  const keeper = start(client, clock);
  await keeper.whenReady();
  const before = client.calls.length;
  for (let hours = 0; hours < 24 * 18; hours += 8) await pass(clock, 8 * 3_600_000);
  const requests = client.calls.slice(before).filter(({ verb }) => verb !== 'watch' && verb !== 'list');
  expect(requests).toEqual([]);
});

test('renews the server certificate after two thirds of its life, by the same authority', async () => {
  const client = new MemoryClient();
  const clock = new ManualClock();
  const keeper = start(client, clock);
  const first = await keeper.whenReady();
  const authorities = keeper.authorities;
  const changes: string[] = [];
  keeper.onChange(({ certificate }) => changes.push(certificate));
  await pass(clock, 19 * day);
  expect(changes).toEqual([]);
  await pass(clock, day + 3_600_000);
  await until(() => changes.length === 1);
  expect(keeper.current!.certificate).not.toBe(first.certificate);
  expect(keeper.authorities).toBe(authorities);
});

test('succeeds an authority with both trusted, and lets the new one sign only once it has settled', async () => {
  const client = new MemoryClient();
  const clock = new ManualClock();
  const keeper = start(client, clock);
  await keeper.whenReady();
  const [old] = certificates(keeper.authorities!);
  // Each renewal on its way, so that at the end only the authority is due.
  for (let days = 0; days < 199; days += 1) await pass(clock, day);
  await until(() => Date.parse(new X509Certificate(keeper.current!.certificate).validFrom) > Date.parse('2026-06-01'));
  expect(certificates(keeper.authorities!)).toHaveLength(1);
  const served = keeper.current!.certificate;
  await pass(clock, day);
  await until(() => certificates(keeper.authorities!).length === 2);
  const [next, kept] = certificates(keeper.authorities!);
  expect(kept!.fingerprint256).toBe(old!.fingerprint256);
  expect(keeper.current!.certificate).toBe(served);
  for (let days = 0; days < 21; days += 1) await pass(clock, day);
  await until(() => keeper.current!.certificate !== served);
  expect(new X509Certificate(keeper.current!.certificate).verify(next!.publicKey)).toBe(true);
  for (let days = 0; days < 100; days += 1) await pass(clock, day);
  await until(() => certificates(keeper.authorities!).every((each) => each.fingerprint256 !== old!.fingerprint256));
});

test('a certificate that is due waits for its new authority to settle', async () => {
  const client = new MemoryClient();
  const clock = new ManualClock();
  const keeper = start(client, clock);
  const { certificate } = await keeper.whenReady();
  await stops.pop()!();
  // The leaf lives to day 30; on day 25 a person takes the authority's key out.
  clock.advance(25 * day);
  const secret = await secretOf(client);
  await client.replace(secrets, { ...secret, data: { ...secret.data, [entries.authorityKey]: '' } });
  const next = start(client, clock);
  await until(() => certificates(next.authorities ?? '').length === 2);
  expect(next.current!.certificate).toBe(certificate);
  await pass(clock, 599_000);
  expect(next.current!.certificate).toBe(certificate);
  await pass(clock, 2_000);
  await until(() => next.current!.certificate !== certificate);
});

test('makes all anew after a jump far into the future, and back', async () => {
  const client = new MemoryClient();
  const clock = new ManualClock();
  const keeper = start(client, clock);
  await keeper.whenReady();
  for (const wall of ['2061-01-01T00:00:00Z', '2026-01-02T00:00:00Z']) {
    clock.setWall(wall);
    await pass(clock, 3_600_000);
    const valid = () => {
      const leaf = new X509Certificate(keeper.current!.certificate);
      const now = clock.now().getTime();
      const trusted = certificates(keeper.authorities!).some(
        (each) => Date.parse(each.validFrom) <= now && now < Date.parse(each.validTo) && leaf.verify(each.publicKey),
      );
      return trusted && Date.parse(leaf.validFrom) <= now && now < Date.parse(leaf.validTo);
    };
    await until(valid);
  }
});

test.each([entries.authorities, entries.authorityKey, entries.certificate, entries.key])(
  'puts back what it knows where %s is damaged, and serves on',
  async (entry) => {
    const client = new MemoryClient();
    const keeper = start(client, new ManualClock());
    const pair = await keeper.whenReady();
    const { authorities } = keeper;
    const secret = await secretOf(client);
    for (const damage of [
      '',
      'bm9uc2Vuc2U=',
      Buffer.from('-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----').toString('base64'),
    ]) {
      await client.replace(secrets, {
        ...secret,
        metadata: { namespace: ref.namespace, name: ref.name },
        data: { ...secret.data, [entry]: damage },
      });
      await vi.waitFor(async () => expect((await secretOf(client)).data?.[entry]).toBe(secret.data?.[entry]));
    }
    expect(keeper.current).toEqual(pair);
    expect(keeper.authorities).toBe(authorities);
  },
);

test('a replica that starts on a damaged Secret makes only what cannot be used', async () => {
  const client = new MemoryClient();
  const clock = new ManualClock();
  const keeper = start(client, clock);
  await keeper.whenReady();
  const { authorities } = keeper;
  await stops.pop()!();
  const secret = await secretOf(client);
  await client.replace(secrets, { ...secret, data: { ...secret.data, [entries.key]: 'AAAA' } });
  const next = start(client, clock);
  await next.whenReady();
  expect(next.authorities).toBe(authorities);
});

test('puts a deleted Secret back as it was', async () => {
  const client = new MemoryClient();
  const keeper = start(client, new ManualClock());
  await keeper.whenReady();
  const before = (await secretOf(client)).data;
  await client.delete(secrets, ref);
  await vi.waitFor(async () => expect((await secretOf(client)).data).toEqual(before));
});

test('takes over what another replica wrote', async () => {
  const client = new MemoryClient();
  const clock = new ManualClock();
  const keeper = start(client, clock);
  await keeper.whenReady();
  const other = new MemoryClient();
  const theirs = await start(other, clock).whenReady();
  await client.replace(secrets, { ...(await secretOf(client)), data: (await secretOf(other)).data! });
  await until(() => keeper.current!.certificate === theirs.certificate);
});

test('makes another certificate at once when the names change', async () => {
  const client = new MemoryClient();
  const clock = new ManualClock();
  await start(client, clock).whenReady();
  await stops.pop()!();
  const renamed = start(client, clock, ['other.kaito.svc', 'other.kaito.svc.cluster.local']);
  const { certificate } = await renamed.whenReady();
  expect(new X509Certificate(certificate).checkHost('other.kaito.svc.cluster.local')).toBeDefined();
});

test('says what is missing where it may not write, tries again, and is well once it may', async () => {
  const client = new MemoryClient();
  const clock = new ManualClock();
  let allowed = false;
  client.before = ({ verb }) => {
    if (verb === 'create' && !allowed) throw refusal(403, 'Forbidden', 'secrets "webhook-cert" is forbidden');
  };
  const keeper = start(client, clock);
  await until(() => keeper.notReady!()?.includes('is forbidden') === true);
  expect(keeper.current).toBeUndefined();
  allowed = true;
  await pass(clock, 60_000);
  await keeper.whenReady();
  await until(() => keeper.problem() === undefined);
});
