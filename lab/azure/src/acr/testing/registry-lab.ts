import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { ensureRegistryProgram } from '../../registry/program.ts';
import type { AzureOptions } from '../../setup.ts';
import { type Account, type Answer, type Cloud, startCloud } from './cloud.ts';

export const manifestType = 'application/vnd.oci.image.manifest.v1+json';

/** A registry that a test made. */
export interface Made {
  readonly id: string;
  readonly name: string;
  readonly host: string;
}

/** A cloud with a resource group, whose registries are used as their clients do. */
export class RegistryLab implements AsyncDisposable {
  readonly #directory: string;
  cloud: Cloud;
  #count = 0;

  private constructor(directory: string, cloud: Cloud) {
    this.#directory = directory;
    this.cloud = cloud;
  }

  static async start(): Promise<RegistryLab> {
    await ensureRegistryProgram(() => {});
    const directory = mkdtempSync(join(tmpdir(), 'acr-'));
    const lab = new RegistryLab(directory, await startCloud({ directory }));
    await lab.makeGroup('lab');
    return lab;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.cloud[Symbol.asyncDispose]();
    rmSync(this.#directory, { recursive: true, force: true });
  }

  /** Ends the emulator and starts it anew on the same state. */
  async restart(options: AzureOptions = {}): Promise<void> {
    await this.cloud[Symbol.asyncDispose]();
    this.cloud = await startCloud({ directory: this.#directory, ...options });
  }

  get subscription(): string {
    return `/subscriptions/${this.cloud.azure.subscriptionId}`;
  }

  /** Makes a group; resolves with its id. */
  async makeGroup(name: string): Promise<string> {
    const id = `${this.subscription}/resourceGroups/${name}`;
    await this.cloud.arm('PUT', `${id}?api-version=2024-11-01`, { location: 'westus3' });
    return id;
  }

  get group(): string {
    return `${this.subscription}/resourceGroups/lab`;
  }

  /** Makes a registry with a name of its own. */
  async registry(properties: object = {}, sku = 'Standard'): Promise<Made> {
    this.#count += 1;
    return await this.registryNamed(`KaitoLab${this.#count}`, this.group, properties, sku);
  }

  async registryNamed(name: string, group: string, properties: object = {}, sku = 'Standard'): Promise<Made> {
    const id = `${group}/providers/Microsoft.ContainerRegistry/registries/${name}`;
    const ended = await this.cloud.finished('PUT', id, { location: 'westus3', sku: { name: sku }, properties });
    expect(ended.json).toMatchObject({ status: 'Succeeded' });
    const shown = await this.cloud.arm('GET', id);
    return { id, name, host: shown.json.properties.loginServer as string };
  }

  async importImage(to: Made, source: object, more: object): Promise<Answer> {
    return await this.cloud.finished('POST', `${to.id}/importImage`, { source, mode: 'NoForce', ...more });
  }

  /** Exchanges an account's token of Entra for a refresh token of a registry. */
  async exchange(at: Made, account: Account): Promise<Answer> {
    return await this.cloud.call(`https://${at.host}/oauth2/exchange`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'access_token',
        service: at.host,
        tenant: this.cloud.azure.tenantId,
        access_token: await this.cloud.token(account),
      }),
    });
  }

  async askToken(at: Made, form: Record<string, string>): Promise<Answer> {
    return await this.cloud.call(`https://${at.host}/oauth2/token`, {
      method: 'POST',
      body: new URLSearchParams({ service: at.host, ...form }),
    });
  }

  /** The Authorization of an account, for a scope. */
  async bearer(at: Made, account: Account, scope: string): Promise<Record<string, string>> {
    const { refresh_token } = (await this.exchange(at, account)).json as { refresh_token: string };
    const answer = await this.askToken(at, { grant_type: 'refresh_token', refresh_token, scope });
    expect(answer.status).toBe(200);
    return { authorization: `Bearer ${answer.json.access_token as string}` };
  }

  /** The Authorization of the admin user. */
  async adminLogin(at: Made): Promise<Record<string, string>> {
    const answer = await this.cloud.arm('POST', `${at.id}/listCredentials`);
    const { username, passwords } = answer.json as { username: string; passwords: { value: string }[] };
    return basic(username, passwords[0]?.value ?? '');
  }

  /** Pushes an artifact with one blob in two pieces. */
  async push(
    at: Made,
    headers: Record<string, string>,
    repository: string,
    tag: string,
    blob: Buffer,
  ): Promise<{ readonly digest: string; readonly manifest: string }> {
    const base = `https://${at.host}`;
    const digest = `sha256:${createHash('sha256').update(blob).digest('hex')}`;
    const begun = await this.cloud.call(`${base}/v2/${repository}/blobs/uploads/`, { method: 'POST', headers });
    expect(begun.status).toBe(202);
    const half = blob.length >> 1;
    let location = new URL(begun.headers['location'] as string, base).href;
    for (const piece of [blob.subarray(0, half), blob.subarray(half)]) {
      const sent = await this.cloud.call(location, { method: 'PATCH', headers, body: piece });
      expect(sent.status).toBe(202);
      location = new URL(sent.headers['location'] as string, base).href;
    }
    const done = await this.cloud.call(`${location}&digest=${digest}`, { method: 'PUT', headers });
    expect(done.status).toBe(201);
    const descriptor = { mediaType: 'application/octet-stream', digest, size: blob.length };
    const manifest = Buffer.from(
      JSON.stringify({ schemaVersion: 2, mediaType: manifestType, config: descriptor, layers: [descriptor] }),
    );
    const put = await this.cloud.call(`${base}/v2/${repository}/manifests/${tag}`, {
      method: 'PUT',
      headers: { ...headers, 'content-type': manifestType },
      body: manifest,
    });
    expect(put.status).toBe(201);
    return { digest, manifest: put.headers['docker-content-digest'] as string };
  }
}

export function basic(username: string, password: string): Record<string, string> {
  return { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` };
}
