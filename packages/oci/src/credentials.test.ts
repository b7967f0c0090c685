import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseChallenges } from './auth.ts';
import { dockerConfigFile, dockerCredentials } from './credentials.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'docker-config-'));
});
afterEach(() => rm(directory, { recursive: true }));

const base64 = (text: string) => Buffer.from(text).toString('base64');

async function look(config: unknown, registry: string, repository = 'a/b') {
  const file = join(directory, 'config.json');
  await writeFile(file, typeof config === 'string' ? config : JSON.stringify(config));
  return dockerCredentials(file, { ...process.env, PATH: `${directory}${delimiter}${process.env['PATH']}` })(
    registry,
    repository,
  );
}

describe('dockerCredentials', () => {
  it('is anonymous without a file or an entry', async () => {
    expect(await dockerCredentials(join(directory, 'none'))('ghcr.io', 'a')).toBeUndefined();
    expect(await look({}, 'ghcr.io')).toBeUndefined();
    expect(await look({ auths: { 'other.io': { auth: base64('a:b') } } }, 'ghcr.io')).toBeUndefined();
  });

  it.each([
    [{ 'ghcr.io': { auth: base64('me:p:w') } }, 'ghcr.io', { kind: 'basic', username: 'me', password: 'p:w' }],
    [
      { 'https://ghcr.io/v2/': { username: 'me', password: 'pw' } },
      'ghcr.io',
      { kind: 'basic', username: 'me', password: 'pw' },
    ],
    [
      { 'https://index.docker.io/v1/': { auth: base64('hub:pw') } },
      'docker.io',
      { kind: 'basic', username: 'hub', password: 'pw' },
    ],
    [
      { 'x.azurecr.io': { auth: base64('0:'), identitytoken: 'refresh' } },
      'x.azurecr.io',
      { kind: 'refresh', token: 'refresh' },
    ],
    [{ 'x.io': { registrytoken: 'ready' } }, 'x.io', { kind: 'bearer', token: 'ready' }],
  ])('reads %j', async (auths, registry, expected) => {
    expect(await look({ auths }, registry)).toEqual(expected);
  });

  it('prefers the longest path that fits', async () => {
    const auths = { 'ghcr.io': { auth: base64('host:1') }, 'ghcr.io/a': { auth: base64('path:1') } };
    expect(await look({ auths }, 'ghcr.io', 'a/b')).toMatchObject({ username: 'path' });
    expect(await look({ auths }, 'ghcr.io', 'ab')).toMatchObject({ username: 'host' });
  });

  it('asks a credential helper, for the registry or for all', async () => {
    const helper = join(directory, 'docker-credential-fake');
    const script = `#!/bin/sh
read -r server
case "$server" in
  token.io) echo '{"ServerURL":"x","Username":"<token>","Secret":"refresh"}' ;;
  none.io) echo 'credentials not found in native keychain'; exit 1 ;;
  broken.io) echo 'keychain is locked' >&2; exit 1 ;;
  *) echo "{\\"Username\\":\\"$server\\",\\"Secret\\":\\"pw\\"}" ;;
esac
`;
    await writeFile(helper, script);
    await chmod(helper, 0o755);
    expect(await look({ credHelpers: { 'a.io': 'fake' } }, 'a.io')).toEqual({
      kind: 'basic',
      username: 'a.io',
      password: 'pw',
    });
    expect(await look({ credsStore: 'fake' }, 'docker.io')).toMatchObject({ username: 'https://index.docker.io/v1/' });
    expect(await look({ credsStore: 'fake' }, 'token.io')).toEqual({ kind: 'refresh', token: 'refresh' });
    expect(await look({ credsStore: 'fake' }, 'none.io')).toBeUndefined();
    await expect(look({ credsStore: 'fake' }, 'broken.io')).rejects.toMatchObject({
      code: 'CredentialsUnreadable',
      message: expect.stringContaining('keychain is locked'),
    });
    await expect(look({ credsStore: 'absent' }, 'a.io')).rejects.toMatchObject({ code: 'CredentialsUnreadable' });
    await expect(look({ credsStore: '../evil' }, 'a.io')).rejects.toMatchObject({ code: 'CredentialsUnreadable' });
  });

  it.each(['{', '[]x', '7', JSON.stringify({ auths: { 'a.io': { auth: base64('nocolon') } } })])(
    'refuses %s',
    async (text) => {
      await expect(look(text, 'a.io')).rejects.toMatchObject({ code: 'CredentialsUnreadable' });
    },
  );

  it('looks where Docker does', () => {
    expect(dockerConfigFile({ DOCKER_CONFIG: '/d' })).toBe('/d/config.json');
    expect(dockerConfigFile({})).toMatch(/\.docker\/config\.json$/);
  });
});

describe('parseChallenges', () => {
  it('reads several in one header', () => {
    expect(
      parseChallenges(
        'Negotiate, Basic realm="a, b", charset=UTF-8, Bearer realm="https://x/t?a=1", service = "s\\"q"',
      ),
    ).toEqual([
      { scheme: 'negotiate', parameters: {} },
      { scheme: 'basic', parameters: { realm: 'a, b', charset: 'UTF-8' } },
      { scheme: 'bearer', parameters: { realm: 'https://x/t?a=1', service: 's"q' } },
    ]);
  });

  it.each(['', '=', '"', ', ,', 'Bearer realm="open'])('survives %j', (header) => {
    expect(parseChallenges(header).every(({ scheme }) => scheme.length > 0)).toBe(true);
  });
});
