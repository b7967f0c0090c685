import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { silentLogger, systemClock } from '@kaito/kube';
import { attach, ensureBinaries, runsIn } from '@kaito/lab-kubernetes';
import { endClusters } from '../../launch/kubernetes.ts';
import type { JsonObject } from '../../store/store.ts';
import { type MemoryAzure, clusterBody, memoryAzure } from '../testing/memory-azure.ts';
import { labDriver } from './lab.ts';

const directory = mkdtempSync(join(tmpdir(), 'kaito-aks-'));
const clusters = join(directory, 'clusters');
let azure: MemoryAzure;

function start(): void {
  azure = memoryAzure({
    directory,
    driver: labDriver({ directory: clusters, clock: systemClock, logger: silentLogger }),
  });
}

afterEach(async () => {
  await azure.stop();
  await endClusters(directory);
  rmSync(directory, { recursive: true });
});

const path = (): string => `${azure.group}/providers/Microsoft.ContainerService/managedClusters/kaito`;

const properties = async (): Promise<JsonObject> => (await azure.call('GET', path())).body['properties'] as JsonObject;

/** Runs kubectl with what `az aks get-credentials` would have written. */
async function kubectl(...args: readonly string[]): Promise<string> {
  const { body } = await azure.call('POST', `${path()}/listClusterUserCredential`);
  const [entry] = body['kubeconfigs'] as readonly { readonly value: string }[];
  const file = join(directory, 'kubeconfig');
  writeFileSync(file, Buffer.from(entry!.value, 'base64'));
  const program = join(await ensureBinaries(() => {}), 'kubectl');
  return execFileSync(program, ['--kubeconfig', file, ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

test('a cluster has a control plane of its own, with its issuer; stopped and started, and found again by the next emulator', async () => {
  start();
  expect(
    await azure.done('PUT', path(), clusterBody({ aiToolchainOperatorProfile: { enabled: true } }, { count: 1 })),
  ).toBeUndefined();
  expect(await kubectl('get', 'nodes', '-o', 'name')).toMatch(/^node\/aks-nodepool1-\d{8}-vmss000000\n$/);
  const token = await kubectl('create', 'token', 'default', '--audience=api://AzureADTokenExchange');
  const claims = JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString()) as JsonObject;
  expect(claims['iss']).toBe(((await properties())['oidcIssuerProfile'] as JsonObject)['issuerURL']);
  expect(claims['aud']).toEqual(['api://AzureADTokenExchange']);
  await kubectl('create', 'namespace', 'kept');

  expect(await azure.done('POST', `${path()}/stop`)).toBeUndefined();
  expect((await azure.call('POST', `${path()}/listClusterUserCredential`)).body['code']).toBe('OperationNotAllowed');
  expect(await azure.done('POST', `${path()}/start`)).toBeUndefined();
  expect(await kubectl('get', 'namespace', 'kept', '-o', 'name')).toBe('namespace/kept\n');
  expect(await kubectl('get', 'nodes', '-o', 'name')).toMatch(/^node\/aks-nodepool1-\d{8}-vmss000001\n$/);

  await azure.stop();
  start();
  expect(await azure.done('PUT', `${path()}/agentPools/ws1`, { properties: { count: 1 } })).toBeUndefined();
  expect(await kubectl('get', 'nodes', '-l', 'agentpool=ws1', '-o', 'name')).toMatch(/^node\/aks-ws1-/);

  // As when the machine was switched off and on: the control plane begins anew, and the machines join it.
  const [folder] = readdirSync(clusters);
  await azure.stop();
  await attach(join(clusters, folder!)).stop();
  start();
  const names = async (): Promise<string> => await kubectl('get', 'nodes', '-o', 'name').catch(String);
  await expect.poll(names, { timeout: 100_000 }).toMatch(/^node\/aks-nodepool1-.*\nnode\/aks-ws1-.*\n$/);
  const addon = async (): Promise<string> =>
    await kubectl('get', 'deployments', '-n', 'kube-system', '-l', 'app=ai-toolchain-operator', '-o', 'name').catch(
      String,
    );
  await expect
    .poll(addon, { timeout: 100_000 })
    .toBe('deployment.apps/kaito-gpu-provisioner\ndeployment.apps/kaito-workspace\n');

  expect(await azure.done('DELETE', path())).toBeUndefined();
  expect(runsIn(join(clusters, folder!))).toBe(false);
  expect(existsSync(join(clusters, folder!))).toBe(false);
});
