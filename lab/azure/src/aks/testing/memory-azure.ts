import { randomUUID } from 'node:crypto';
import { type Clock, silentLogger, systemClock } from '@kaito/kube';
import { createRoles } from '../../authorization/enforce.ts';
import { createCompute } from '../../compute/setup.ts';
import { createAccessTokens } from '../../entra/access-tokens.ts';
import { createAudiences } from '../../entra/audiences.ts';
import { createDirectory } from '../../entra/directory.ts';
import { openSigningKey } from '../../entra/signing-keys.ts';
import { ArmError } from '../../errors/arm-error.ts';
import { createOperationFaults } from '../../operations/operation-faults.ts';
import { type OperationQueue, createOperationQueue } from '../../operations/operation-queue.ts';
import { openStore } from '../../store/sqlite-store.ts';
import type { JsonObject } from '../../store/store.ts';
import { createRouter } from '../../wire/router.ts';
import type { Emulator } from '../../wire/service.ts';
import type { Driver } from '../driver/driver.ts';
import { noKubernetes } from '../driver/none.ts';
import { type AksOptions, createAks } from '../setup.ts';

export interface MemoryAnswer {
  readonly status: number;
  readonly body: JsonObject;
  /** Undefined: it was no long-running call. */
  readonly operation: string | undefined;
}

/** AKS and compute on the emulator's own store, queue and directory, without its wire: calls go to the routes' handlers. */
export interface MemoryAzure {
  readonly emulator: Emulator;
  readonly operations: OperationQueue;
  readonly group: string;
  readonly subscriptionId: string;
  readonly ownerId: string;
  /** An error of Resource Manager is an answer, its body `{code, message}`. */
  call(method: string, path: string, body?: JsonObject, headers?: Record<string, string>): Promise<MemoryAnswer>;
  /** Makes the call and waits for its operation. @returns the operation's error, or undefined */
  done(method: string, path: string, body?: JsonObject): Promise<{ code: string; message: string } | undefined>;
  admin(method: string, path: string, body?: JsonObject): Promise<unknown>;
  stop(): Promise<void>;
}

export interface MemoryOptions extends Partial<Omit<AksOptions, 'driver'>> {
  readonly driver?: Driver;
  readonly clock?: Clock;
  /** Where its state lies; default: in memory alone. */
  readonly directory?: string;
}

export function memoryAzure(options: MemoryOptions = {}): MemoryAzure {
  const { clock = systemClock, driver = noKubernetes, directory, ...aksOptions } = options;
  const base = openStore(directory);
  const audiences = createAudiences(() => []);
  const tenantId = '11111111-2222-4333-8444-555555555555';
  const principals = createDirectory(
    base,
    createAccessTokens({
      key: openSigningKey(base.table('keys')),
      tenantId,
      audiences,
      clock,
      lifetimeSeconds: 3600,
      generations: base.table('generations'),
    }),
    clock,
  );
  const roles = createRoles(base, principals, clock);
  const faults = createOperationFaults();
  const operations = createOperationQueue({ store: base, clock, logger: silentLogger, faults, durationMs: 0 });
  const subscriptionId = '00000000-1111-4222-8333-444444444444';
  const ownerId = randomUUID();
  const groupPath = `/subscriptions/${subscriptionId}/resourceGroups/KaitoLab`;
  roles.assign(ownerId, `/subscriptions/${subscriptionId}`, 'Owner');
  base.put({
    id: groupPath,
    name: 'KaitoLab',
    type: 'Microsoft.Resources/resourceGroups',
    location: 'westus3',
    properties: { provisioningState: 'Succeeded' },
  });
  const emulator: Emulator = {
    store: base,
    operations,
    authorization: roles,
    principals,
    clock,
    logger: silentLogger,
    tenantId,
    directory: directory ?? '',
    authority: '',
    port: 8443,
    certificate: () => Promise.reject(new Error('there is no wire here')),
    names: 'local',
  };
  const services = [createCompute(emulator), createAks(emulator, { driver, ...aksOptions })];
  const router = createRouter(services.flatMap(({ arm }) => arm ?? []));
  // The admin endpoint's paths are matched as those of Resource Manager are.
  const adminRoutes = services.flatMap(({ admin }) => admin ?? []);
  const adminRouter = createRouter(
    adminRoutes.map(({ method, path }) => ({
      method,
      path,
      action: undefined,
      apiVersions: [],
      handle: () => ({ status: 0 }),
    })),
  );
  const ending = new AbortController();
  const running = [operations, ...services].map((each) => each.run?.(ending.signal));

  async function call(
    method: string,
    path: string,
    body?: JsonObject,
    headers: Record<string, string> = {},
  ): Promise<MemoryAnswer> {
    const url = new URL(path, 'https://localhost');
    const version =
      url.searchParams.get('api-version') ?? (path.includes('Microsoft.Compute') ? '2024-11-01' : '2026-06-01');
    try {
      const { route, parameters } = router.find(method, decodeURIComponent(url.pathname), version);
      const answer = await route.handle({
        parameters,
        query: url.searchParams,
        apiVersion: version,
        headers,
        body: structuredClone(body),
        callerId: headers['caller'] ?? ownerId,
        path: url.pathname,
        origin: url.origin,
      });
      return { status: answer.status, body: (answer.body ?? {}) as JsonObject, operation: answer.operation?.id };
    } catch (error) {
      if (!(error instanceof ArmError)) throw error;
      return { status: error.status, body: { code: error.code, message: error.message }, operation: undefined };
    }
  }

  return {
    emulator,
    operations,
    group: groupPath,
    subscriptionId,
    ownerId,
    call,
    async done(method, path, body) {
      const { status, body: answer, operation } = await call(method, path, body);
      if (status >= 400) return answer as unknown as { code: string; message: string };
      if (operation === undefined) return undefined;
      await operations.ended(operation, ending.signal);
      return operations.find(operation)?.error;
    },
    async admin(method, path, body = {}) {
      const match = adminRouter.any(method, path);
      const route = adminRoutes.find((each) => each.method === method && each.path === match?.route.path);
      if (match === undefined || route === undefined) throw new Error(`there is no ${method} ${path}`);
      return await route.handle(match.parameters, body);
    },
    async stop() {
      ending.abort();
      await Promise.all(running);
      base.close();
    },
  };
}

/** A cluster as the Azure CLI asks for one; `properties` over its own. */
export function clusterBody(properties: JsonObject = {}, pool: JsonObject = {}): JsonObject {
  return {
    location: 'westus3',
    identity: { type: 'SystemAssigned' },
    sku: { name: 'Base', tier: 'Free' },
    properties: {
      kubernetesVersion: '',
      dnsPrefix: 'kaito-KaitoLab-000000',
      disableLocalAccounts: false,
      enableRBAC: true,
      agentPoolProfiles: [
        {
          name: 'nodepool1',
          orchestratorVersion: '',
          vmSize: '',
          osType: 'Linux',
          enableNodePublicIP: false,
          count: 3,
          enableAutoScaling: false,
          scaleSetPriority: 'Regular',
          nodeTaints: [],
          upgradeSettings: {},
          type: 'VirtualMachineScaleSets',
          enableEncryptionAtHost: false,
          enableUltraSSD: false,
          enableFIPS: false,
          mode: 'System',
          ...pool,
        },
      ],
      networkProfile: { loadBalancerSku: 'standard', outboundType: 'loadBalancer' },
      addonProfiles: {},
      storageProfile: {},
      oidcIssuerProfile: { enabled: true },
      bootstrapProfile: { artifactSource: 'Direct' },
      ...properties,
    },
  };
}
