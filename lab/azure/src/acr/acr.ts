import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { openSigningKey } from '../entra/signing-keys.ts';
import { startRegistry } from '../registry/process.ts';
import { ensureRegistryProgram } from '../registry/program.ts';
import { type LayoutImage, pushLayouts } from '../registry/layout.ts';
import { hasTag, seedImage, type SyntheticImage } from '../registry/seed.ts';
import type { ArmRoute, Emulator, Service } from '../wire/service.ts';
import { createAdminUsers } from './admin-user.ts';
import { createBackend } from './backend.ts';
import { answerRegistry, type DataPlaneParts } from './data-plane.ts';
import { createRegistryFaults } from './faults.ts';
import { carryOutImport, importImage, importRoute } from './import-image.ts';
import { createPorts } from './ports.ts';
import { Proxy } from './proxy.ts';
import {
  answerPublic,
  answerPublicToken,
  microsoftRegistry,
  type PublicRegistry,
  publicRegistries,
} from './public-registries.ts';
import { allRegistries, publicHost, registryAt, registryNamed, suffix } from './registries.ts';
import { nothingHere } from './registry-error.ts';
import { createRegistryTokens } from './registry-tokens.ts';
import { deleteRegistry, putRegistry, registryRoutes } from './routes.ts';
import { scopeMapRoutes } from './scope-maps.ts';
import { seedRoutes } from './seed-routes.ts';
import { createTokens } from './tokens.ts';

export interface AcrOptions {
  /** The registry's program; default: built on first use, which takes a minute. */
  readonly program?: string;
  /** Images that mcr.microsoft.com has from the beginning. */
  readonly images?: readonly SyntheticImage[];
  /** Images that public registries have from the beginning, in place of those. */
  readonly layouts?: readonly LayoutImage[];
}

/** What the walkthrough imports: small, and labelled as what it is. */
const standIns: readonly SyntheticImage[] = [
  { repository: 'aks/kaito/kaito-mistral-7b-instruct', tag: '0.0.2', layers: 3, layerBytes: 1 << 20 },
];

/** Container registries: Resource Manager's calls, each registry's own interface, and public registries to import from; in front of real registries. */
export function createAcr(emulator: Emulator, options: AcrOptions = {}): Service {
  const { store, clock, logger, authorization, principals, tenantId, operations, names } = emulator;
  const directory = join(emulator.directory, 'registries');
  const backend = createBackend(
    directory,
    async (signal) => {
      const program = options.program ?? (await ensureRegistryProgram((line) => logger.log('info', line)));
      const started = await startRegistry(program, directory, signal);
      started.ended.catch((error: unknown) => logger.log('error', 'the registries stand still', { error }));
      return started;
    },
    async (host, address) => {
      if (options.layouts !== undefined) return await pushLayouts(address, host, options.layouts);
      if (host !== microsoftRegistry.host) return;
      for (const image of options.images ?? standIns) {
        if (!(await hasTag(address, image.repository, image.tag))) await seedImage(address, image);
      }
    },
  );
  const adminUsers = createAdminUsers(store);
  const registryTokens = createRegistryTokens(emulator);
  const faults = createRegistryFaults(
    (host) => registryAt(store, host) !== undefined || publicRegistries.some((each) => each.host === host),
  );
  const tokens = createTokens(openSigningKey(store.table('acr/keys')), clock);
  const ports = createPorts(store.table<number>('acr/ports'), () => emulator.certificate('localhost'), logger);
  const proxy = new Proxy();
  const parts: DataPlaneParts = {
    backend,
    adminUsers,
    registryTokens,
    faults,
    tokens,
    proxy,
    logger,
    authorization,
    principals,
    tenantId,
  };

  /** Answers for a host name of the cloud, without port. */
  async function answer(host: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const open = publicRegistries.find((each) => each.names.includes(host));
    const tokenService = publicRegistries.find(({ auth }) => auth?.host === host)?.auth;
    const registry = registryAt(store, host);
    if (open !== undefined) await answerPublic(parts, open, request, response);
    else if (tokenService !== undefined) await answerPublicToken(parts, tokenService.service, request, response);
    else if (registry !== undefined) await answerRegistry(parts, registry, request, response);
    else nothingHere().send(response);
  }

  /** A registry's own port, where host names cannot tell registries apart. */
  async function openPort(name: string): Promise<string> {
    const host = publicHost(name);
    return `localhost:${await ports.open(host, async (request, response) => await answer(host, request, response))}`;
  }

  async function openPublicPort(registry: PublicRegistry): Promise<void> {
    const { host, auth } = registry;
    await ports.open(host, async (request, response) => {
      const token = auth !== undefined && request.url?.startsWith('/token') === true;
      await answer(token ? auth.host : host, request, response);
    });
  }

  /** Opens the ports of all registries anew; a port that is taken by now becomes another. */
  async function reopenPorts(): Promise<void> {
    for (const registry of publicRegistries) await openPublicPort(registry);
    for (const { id, name, loginServer } of allRegistries(store)) {
      const opened = await openPort(name);
      const resource = store.get(id);
      if (opened === loginServer || resource === undefined) continue;
      store.put({ ...resource, properties: { ...resource.properties, loginServer: opened } });
    }
  }

  operations.worker(putRegistry, async ({ resourceId }) => {
    const resource = store.get(resourceId);
    if (resource === undefined) return;
    store.put({ ...resource, properties: { ...resource.properties, provisioningState: 'Succeeded' } });
  });
  operations.worker(deleteRegistry, async ({ resourceId }) => {
    const name = resourceId.split('/').at(-1) ?? '';
    store.delete(resourceId);
    adminUsers.forget(resourceId);
    registryTokens.forget(resourceId);
    await ports.close(publicHost(name));
    await backend.empty(publicHost(name));
  });
  const importParts = { emulator, ...parts };
  // Nobody is told of a login server before it answers.
  const opened = Promise.withResolvers<void>();
  opened.promise.catch(() => {});
  const onceOpened = (route: ArmRoute): ArmRoute => ({
    ...route,
    async handle(request) {
      await opened.promise;
      return await route.handle(request);
    },
  });
  operations.worker(importImage, async (operation, signal) => await carryOutImport(importParts, operation, signal));

  return {
    arm: [
      ...registryRoutes({
        emulator,
        adminUsers,
        contentOf: ({ name }) => backend.content(publicHost(name)),
        async openLoginServer(name) {
          // A registry of this name that went with its group may have left something.
          await backend.empty(publicHost(name));
          return names === 'local' ? await openPort(name) : publicHost(name);
        },
      }),
      importRoute(importParts),
      ...scopeMapRoutes(emulator),
      ...registryTokens.routes,
    ].map(onceOpened),
    hosts: [
      {
        serves: (host) =>
          host.endsWith(suffix) ||
          publicRegistries.some((each) => each.names.includes(host) || each.auth?.host === host),
        names: () => [
          ...allRegistries(store).map(({ name }) => publicHost(name)),
          ...publicRegistries.flatMap((each) => [...each.names, ...(each.auth === undefined ? [] : [each.auth.host])]),
        ],
        async handle(request, response) {
          await answer((request.headers.host ?? '').toLowerCase().split(':')[0] as string, request, response);
        },
      },
    ],
    admin: [
      ...faults.routes,
      ...seedRoutes({
        backend,
        hostOf: (name) =>
          publicRegistries.find((each) => each.host === name)?.host ??
          (registryNamed(store, name) === undefined ? undefined : publicHost(name)),
        registries: () => [
          ...publicRegistries.map(({ host }) => ({ host, loginServer: host })),
          ...allRegistries(store).map(({ name, loginServer }) => ({ host: publicHost(name), loginServer })),
        ],
        portOf: (host) => (names === 'local' ? store.table<number>('acr/ports').get(host) : undefined),
      }),
    ],
    async run(signal) {
      backend.allow(signal);
      const opening = names === 'local' ? reopenPorts() : Promise.resolve();
      opened.resolve(opening);
      if (!signal.aborted) await once(signal, 'abort');
      proxy.close();
      await Promise.allSettled([ports.closeAll(), opening]);
      await backend.ended();
    },
  };
}
