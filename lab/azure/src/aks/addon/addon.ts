import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { JsonObject } from '../../store/store.ts';
import type { Connection } from '../driver/driver.ts';
import { addonFailed } from '../errors.ts';
import { isObject } from '../fields.ts';

/** What `--enable-ai-toolchain-operator` installs. */
export interface AddonChart {
  /** Folder of KAITO's chart. */
  readonly chart: string;
  /** Values beside those that AKS sets, such as where images lie. */
  readonly values?: JsonObject;
}

/** What the add-on acts on, and as whom. */
export interface AddonTarget {
  readonly subscriptionId: string;
  readonly resourceGroup: string;
  readonly clusterName: string;
  readonly location: string;
  readonly clientId: string;
  readonly tenantId: string;
  /** Where the cloud is, and PEM of who signed its certificates; absent: at Azure's own addresses. */
  readonly resourceManagerEndpoint?: string;
  readonly authorityHost?: string;
  readonly caBundle: string;
}

const release = ['kaito', '--namespace=kube-system'] as const;

/** Installs KAITO's chart as the managed add-on, or brings it to what it should be. @throws ArmError with helm's own words */
export async function installAddon(
  connection: Connection,
  { chart, values = {} }: AddonChart,
  target: AddonTarget,
  signal: AbortSignal,
): Promise<void> {
  const { clientId, tenantId, caBundle, ...azure } = target;
  const own = {
    managedAddon: { enabled: true },
    provisioner: { enabled: true, azure, workloadIdentity: { clientId, tenantId }, caBundle },
  };
  await helm(
    connection,
    ['upgrade', '--install', ...release, chart, '--take-ownership', '--values=-'],
    merge(values, own),
    signal,
  );
}

/** Removes it where it is; its CRDs and what was made of them stay. @throws ArmError with helm's own words */
export async function removeAddon(connection: Connection, signal: AbortSignal): Promise<void> {
  await helm(connection, ['uninstall', ...release, '--ignore-not-found', '--wait'], {}, signal);
}

function merge(under: JsonObject, over: JsonObject): JsonObject {
  const merged: Record<string, JsonObject[string]> = { ...under };
  for (const [key, value] of Object.entries(over)) {
    const below = merged[key];
    merged[key] = isObject(below) && isObject(value) ? merge(below, value) : value;
  }
  return merged;
}

async function helm(
  { binaries, kubeconfig }: Connection,
  args: readonly string[],
  values: JsonObject,
  signal: AbortSignal,
): Promise<void> {
  const child = spawn(join(binaries, 'helm'), [...args, '--kubeconfig', kubeconfig], {
    stdio: ['pipe', 'pipe', 'pipe'],
    signal,
  });
  // Closed early by a helm that fails at once.
  child.stdin.on('error', () => {});
  child.stdin.end(JSON.stringify(values));
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  const [, errors, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  if (code !== 0) throw addonFailed(errors.trim().replace(/^Error: /, ''));
}
