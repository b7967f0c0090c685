import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { OciError } from './errors.ts';

/** How to log in to a registry. */
export type Credentials =
  | { readonly kind: 'basic'; readonly username: string; readonly password: string }
  /** An OAuth2 refresh token, exchanged at the registry's token service. */
  | { readonly kind: 'refresh'; readonly token: string }
  /** A bearer token that the registry takes as it is. */
  | { readonly kind: 'bearer'; readonly token: string }
  /**
   * An Entra access token, exchanged at an Azure Container Registry; `tenant` is the directory it is of. `ambient`: nobody gave it for this
   * registry, so where it is refused a read goes on without.
   */
  | { readonly kind: 'entra'; readonly token: string; readonly tenant?: string; readonly ambient?: boolean };

/** Finds the login for a repository; undefined means anonymous. */
export type CredentialSource = (registry: string, repository: string) => Promise<Credentials | undefined>;

interface DockerConfig {
  readonly auths?: Readonly<Record<string, DockerAuth>>;
  readonly credHelpers?: Readonly<Record<string, string>>;
  readonly credsStore?: string;
}

interface DockerAuth {
  readonly auth?: string;
  readonly username?: string;
  readonly password?: string;
  readonly identitytoken?: string;
  readonly registrytoken?: string;
}

/** The key under which Docker keeps the login of Docker Hub. */
const HUB_KEY = 'https://index.docker.io/v1/';
const HELPER_TIMEOUT_MS = 30_000;

/** Where Docker keeps its configuration: `$DOCKER_CONFIG`, else `~/.docker`; in it `config.json`. */
export function dockerConfigFile(environment: NodeJS.ProcessEnv = process.env): string {
  return join(environment['DOCKER_CONFIG'] ?? join(homedir(), '.docker'), 'config.json');
}

/**
 * Reads logins from a Docker `config.json` (also the content of a `kubernetes.io/dockerconfigjson` Secret): `credHelpers` for the registry, else `credsStore`, else `auths`, whose
 * keys may name a host or a path below one (the longest that fits wins). No such file means anonymous. Throws OciError `CredentialsUnreadable` for a broken file or a helper that fails.
 */
export function dockerCredentials(file: string, environment: NodeJS.ProcessEnv = process.env): CredentialSource {
  return async (registry, repository) => {
    const config = await readConfig(file);
    if (config === undefined) return undefined;
    const server = registry === 'docker.io' ? HUB_KEY : registry;
    const helper = config.credHelpers?.[registry] ?? config.credsStore;
    if (helper !== undefined && helper !== '') {
      const found = await askHelper(helper, server, environment);
      if (found !== undefined) return found;
    }
    const auth = findAuth(config.auths ?? {}, registry, repository);
    return auth === undefined ? undefined : fromAuth(auth, file, registry);
  };
}

async function readConfig(file: string): Promise<DockerConfig | undefined> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw unreadable(`${file} cannot be read`, 'Check the file and its permissions.', error);
  }
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === 'object' && parsed !== null) return parsed as DockerConfig;
  } catch (error) {
    throw unreadable(`${file} is not JSON`, 'Mend it, or write it anew with docker login.', error);
  }
  throw unreadable(`${file} is not a JSON object`, 'Mend it, or write it anew with docker login.');
}

function findAuth(
  auths: Readonly<Record<string, DockerAuth>>,
  registry: string,
  repository: string,
): DockerAuth | undefined {
  const names = registry === 'docker.io' ? ['docker.io', 'index.docker.io', 'registry-1.docker.io'] : [registry];
  const parts = repository.split('/');
  const below = parts.map((_, index) => `${registry}/${parts.slice(0, parts.length - index).join('/')}`);
  for (const wanted of [...below, ...names]) {
    const key = Object.keys(auths).find((candidate) => normalise(candidate) === wanted);
    if (key !== undefined) return auths[key];
  }
  return undefined;
}

function normalise(key: string): string {
  return key.replace(/^https?:\/\//, '').replace(/\/(v1|v2)?\/?$/, '');
}

function fromAuth(auth: DockerAuth, file: string, registry: string): Credentials | undefined {
  if (auth.registrytoken) return { kind: 'bearer', token: auth.registrytoken };
  if (auth.identitytoken) return { kind: 'refresh', token: auth.identitytoken };
  if (auth.auth) {
    const text = Buffer.from(auth.auth, 'base64').toString('utf8');
    const colon = text.indexOf(':');
    if (colon < 0)
      throw unreadable(
        `The login for ${registry} in ${file} is not user:password`,
        `Log in anew: docker login ${registry}`,
      );
    return { kind: 'basic', username: text.slice(0, colon), password: text.slice(colon + 1).replace(/\0+$/, '') };
  }
  return auth.username !== undefined && auth.password !== undefined
    ? { kind: 'basic', username: auth.username, password: auth.password }
    : undefined;
}

/** Speaks Docker's credential helper protocol: the server on stdin, `{Username, Secret}` on stdout; the user `<token>` marks a refresh token. */
function askHelper(helper: string, server: string, environment: NodeJS.ProcessEnv): Promise<Credentials | undefined> {
  const command = `docker-credential-${helper}`;
  if (!/^[A-Za-z0-9_.-]+$/.test(helper))
    throw unreadable(`"${helper}" is no credential helper`, 'Correct it in config.json.');
  return new Promise((resolve, reject) => {
    const child = spawn(command, ['get'], {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: environment,
      timeout: HELPER_TIMEOUT_MS,
    });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString('utf8')));
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString('utf8')));
    child.stdin.on('error', () => {});
    child.on('error', (error) => {
      reject(unreadable(`${command} cannot be started`, `Install ${command}, or take it out of config.json.`, error));
    });
    child.on('close', (code) => {
      if (code !== 0) {
        if (/credentials not found/i.test(output)) resolve(undefined);
        else
          reject(
            unreadable(`${command} failed: ${output.trim().slice(0, 300)}`, `Log in anew: docker login ${server}`),
          );
        return;
      }
      try {
        const { Username, Secret } = JSON.parse(output) as { Username: string; Secret: string };
        if (Secret === '') resolve(undefined);
        else if (Username === '<token>') resolve({ kind: 'refresh', token: Secret });
        else resolve({ kind: 'basic', username: Username, password: Secret });
      } catch (error) {
        reject(unreadable(`${command} answered with something that is not JSON`, `Update ${command}.`, error));
      }
    });
    child.stdin.end(server);
  });
}

function unreadable(what: string, remedy: string, cause?: unknown): OciError {
  return new OciError('CredentialsUnreadable', `${what}.`, { remedy, cause });
}
