import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Client, configMaps } from '@kaito/kube';
import type { ContainerProcess } from './container.ts';

/** Whose tokens and files are meant. */
export interface Account {
  readonly namespace: string;
  readonly serviceAccount: string;
}

/** Writes what the volumes hold. @returns ms after which it has to be written anew, as the kubelet does: after four fifths of a token's time */
export async function fillVolumes(
  client: Client,
  files: ContainerProcess['files'],
  account: Account,
): Promise<number | undefined> {
  const lives: number[] = [];
  for (const { path, source } of files) {
    if ('configMap' in source) {
      const { data = {} } = await client.get(configMaps, { namespace: account.namespace, name: source.configMap });
      for (const [key, value] of Object.entries(data)) writeWhole(join(path, key), value);
    } else {
      const { token: audience, seconds } = source;
      writeWhole(path, await tokenOf(client, account, { audiences: [audience], expirationSeconds: seconds }));
      lives.push(seconds * 800);
    }
  }
  return lives.length === 0 ? undefined : Math.min(...lives);
}

/** A token of the ServiceAccount, as the API server issues it. */
export async function tokenOf(
  client: Client,
  { namespace, serviceAccount }: Account,
  spec: { readonly audiences?: readonly string[]; readonly expirationSeconds: number },
): Promise<string> {
  const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${serviceAccount}/token`;
  const request = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec };
  const { status } = (await client.raw('POST', path, request)) as { readonly status: { readonly token: string } };
  return status.token;
}

/** Makes or replaces a file at once, with its folders. */
export function writeWhole(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  writeFileSync(`${file}.new`, text, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}
