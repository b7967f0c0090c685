import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const main = resolve(import.meta.dirname, '../../main.ts');

interface Login {
  readonly appId: string;
  readonly objectId: string;
  readonly secret: string;
}

export interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** A subscription of the Azure emulator with an AKS cluster `kaito` in the group `KaitoLab`, and the real command, logged in there. */
export interface EmulatedAzure {
  readonly subscriptionId: string;
  /** Of the cluster. */
  readonly id: string;
  readonly directory: string;
  /** Any command of `kaito`, as the subscription's owner or as `login`. */
  run(args: readonly string[], login?: Login): Promise<Ran>;
  /** `kaito azure VERB -g KaitoLab -n kaito FLAGS`, as the subscription's owner or as `login`. */
  kaito(verb: string, flags?: readonly string[], login?: Login): Promise<Ran>;
  /** Calls Resource Manager as the owner; the path is that of a resource. */
  arm(method: string, path: string, apiVersion: string, body?: object): Promise<unknown>;
  admin(method: string, path: string, body?: object): Promise<unknown>;
  /** Paths of the calls since the last look that changed something. */
  changes(): Promise<readonly string[]>;
  /** Deletes the cluster, whose nodes go with it. */
  close(): Promise<void>;
}

function variable(name: string): string {
  const value = process.env[name];
  if (value !== undefined && value !== '') return value;
  throw new Error(`${name} is not set: run this inside the lab's Azure, npm test -- azure`);
}

/**
 * @param kubeconfig of who runs the command; default: none, so that the cluster itself is not seen.
 * @throws Error outside the lab's Azure
 */
export async function emulatedAzure(kubeconfig?: string): Promise<EmulatedAzure> {
  const endpoint = variable('KAITO_AZURE_ENDPOINT');
  const json = { 'content-type': 'application/json' };
  const admin = async (method: string, path: string, body: object = {}) =>
    await answerOf(
      await fetch(`${variable('KAITO_AZURE_ADMIN')}${path}`, {
        method,
        headers: json,
        ...(method !== 'GET' && { body: JSON.stringify(body) }),
      }),
    );
  const owner = (await admin('POST', '/subscriptions')) as Login & {
    readonly subscriptionId: string;
    readonly tenantId: string;
  };
  const { subscriptionId, tenantId } = owner;
  const grant = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: owner.appId,
    client_secret: owner.secret,
    scope: `${endpoint}/.default`,
  });
  const { access_token: token } = (await answerOf(
    await fetch(`${variable('AZURE_AUTHORITY_HOST')}/${tenantId}/oauth2/v2.0/token`, { method: 'POST', body: grant }),
  )) as { access_token: string };
  const call = async (method: string, url: string, body?: object) =>
    await fetch(url, {
      method,
      headers: { ...json, authorization: `Bearer ${token}` },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  const arm = async (method: string, path: string, apiVersion: string, body?: object): Promise<unknown> => {
    const answer = await call(method, `${endpoint}${path}?api-version=${apiVersion}`, body);
    const operation = answer.headers.get('azure-asyncoperation');
    const location = answer.status === 202 ? answer.headers.get('location') : null;
    const result = await answerOf(answer);
    if (operation !== null) await succeeded(() => call('GET', operation));
    else if (location !== null) await accepted(() => call('GET', location));
    return result;
  };
  const group = `/subscriptions/${subscriptionId}/resourceGroups/KaitoLab`;
  const id = `${group}/providers/Microsoft.ContainerService/managedClusters/kaito`;
  await arm('PUT', group, '2024-11-01', { location: 'westus3' });
  await arm('PUT', id, '2026-06-01', {
    location: 'westus3',
    identity: { type: 'SystemAssigned' },
    properties: {
      dnsPrefix: 'kaito',
      agentPoolProfiles: [{ name: 'nodepool1', count: 1, mode: 'System' }],
      oidcIssuerProfile: { enabled: true },
    },
  });
  const directory = mkdtempSync(join(tmpdir(), 'kaito-azure-cli-'));
  const asOwner = (args: readonly string[], login: Login = owner) =>
    run(args, directory, {
      AZURE_TENANT_ID: tenantId,
      AZURE_CLIENT_ID: login.appId,
      AZURE_CLIENT_SECRET: login.secret,
      AZURE_SUBSCRIPTION_ID: subscriptionId,
      ARM_ENDPOINT: endpoint,
      // Whoever runs the tests has logins of their own.
      DOCKER_CONFIG: directory,
      KUBECONFIG: kubeconfig ?? join(directory, 'no-kubeconfig'),
    });
  return {
    subscriptionId,
    id,
    directory,
    arm,
    admin,
    run: asOwner,
    kaito: (verb, flags = [], login = owner) =>
      asOwner(['azure', verb, '-g', 'KaitoLab', '-n', 'kaito', ...flags], login),
    async changes() {
      const served = (await admin('GET', '/requests')) as readonly { readonly method: string; readonly path: string }[];
      await admin('DELETE', '/requests');
      return served
        .filter(({ method, path }) => method !== 'GET' && path.toLowerCase().includes(subscriptionId))
        .map(({ method, path }) => `${method} ${path}`);
    },
    async close() {
      await arm('DELETE', id, '2026-06-01');
      rmSync(directory, { recursive: true });
    },
  };
}

async function answerOf(response: Response): Promise<unknown> {
  const text = await response.text();
  if (!response.ok) throw new Error(`${response.status} ${response.url}: ${text}`);
  return text === '' ? undefined : JSON.parse(text);
}

async function succeeded(look: () => Promise<Response>): Promise<void> {
  for (;;) {
    const answer = await look();
    const { status, error } = (await answerOf(answer)) as { readonly status: string; readonly error?: object };
    if (status === 'Succeeded') return;
    if (status === 'Failed') throw new Error(JSON.stringify(error));
    await new Promise((resolve) => setTimeout(resolve, Number(answer.headers.get('retry-after') ?? 1) * 1000));
  }
}

async function accepted(look: () => Promise<Response>): Promise<void> {
  for (;;) {
    const answer = await look();
    await answerOf(answer);
    if (answer.status !== 202) return;
    await new Promise((resolve) => setTimeout(resolve, Number(answer.headers.get('retry-after') ?? 1) * 1000));
  }
}

function run(args: readonly string[], cwd: string, env: Readonly<Record<string, string>>): Promise<Ran> {
  return new Promise((done, fail) => {
    const child = spawn(process.execPath, [main, ...args], {
      cwd,
      env: { ...process.env, ...env, NO_COLOR: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let out = '';
    let err = '';
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
    child.once('error', fail);
    child.once('close', (code) => done({ code, out, err }));
  });
}
