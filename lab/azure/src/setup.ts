import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Clock, type Logger, silentLogger, systemClock } from '@kaito/kube';
import type { Driver } from './aks/driver/driver.ts';
import { noKubernetes } from './aks/driver/none.ts';
import { openAccount, openOwner } from './account.ts';
import { accountRoutes } from './admin/account-routes.ts';
import { startAdmin } from './admin/admin-server.ts';
import { faultRoutes } from './admin/fault-routes.ts';
import { imdsRoutes } from './admin/imds-routes.ts';
import { requestRoutes } from './admin/request-routes.ts';
import { createRoles } from './authorization/enforce.ts';
import { authorizationRoutes } from './authorization/routes.ts';
import { hostsFile, writeHosts } from './clouds/hosts-file.ts';
import { createMetadataService } from './clouds/metadata-service.ts';
import { createAccessTokens } from './entra/access-tokens.ts';
import { createAudiences } from './entra/audiences.ts';
import { createAuthenticator } from './entra/authenticate.ts';
import { createDirectory } from './entra/directory.ts';
import { createEntraService } from './entra/entra-service.ts';
import { createImds } from './entra/imds.ts';
import { type IssuerSource, createIssuers } from './entra/issuers.ts';
import { openSigningKey } from './entra/signing-keys.ts';
import { createGraphService } from './graph/graph-service.ts';
import { federatedCredentialsOf } from './identities/federated-credentials.ts';
import { identityRoutes } from './identities/identity-routes.ts';
import { createOperationFaults } from './operations/operation-faults.ts';
import { createOperationQueue } from './operations/operation-queue.ts';
import { operationRoutes } from './operations/operation-routes.ts';
import { groupRoutes } from './resources/group-routes.ts';
import { listingRoutes } from './resources/listing.ts';
import { namespacesOf, providerRoutes } from './resources/provider-routes.ts';
import { createResourceDeletion } from './resources/resource-deletion.ts';
import { subscriptionRoutes } from './resources/subscription-routes.ts';
import { type RunningAzure, environmentOf, wireSocket, writeBundles } from './running-azure.ts';
import { createServices } from './services.ts';
import type { LayoutImage } from './registry/layout.ts';
import type { JsonObject } from './store/store.ts';
import { openStore } from './store/sqlite-store.ts';
import { openAuthority } from './tls/authority.ts';
import { createArmService } from './wire/arm-service.ts';
import { createRateLimits } from './wire/rate-limits.ts';
import { createRequestLog } from './wire/request-log.ts';
import { type Router, createRouter } from './wire/router.ts';
import { listen } from './wire/server.ts';
import type { ArmRoute, Emulator, HostService } from './wire/service.ts';
import { createWireFaults } from './wire/wire-faults.ts';

export interface AzureOptions {
  /** Where its state lies, kept after its end; absent: a folder of its own, removed at its end. */
  readonly directory?: string;
  /** Default `local`. `public` needs port 443, and a hosts file that leads Azure's names here. */
  readonly names?: 'public' | 'local';
  /** Default: the one that it had when its state was last used, or any that is free; 443 with public names. */
  readonly port?: number;
  /** Where it listens; default 127.0.0.1. */
  readonly address?: string;
  readonly adminPort?: number;
  /** How long a long-running operation takes at least, ms; default 1000. */
  readonly operationMs?: number;
  /** What callers are told to wait between two looks, whole seconds; default 1. */
  readonly retryAfterSeconds?: number;
  /** Default 3599, as Azure's. */
  readonly tokenLifetimeSeconds?: number;
  /** How long a new role assignment takes to work, ms; default 0. */
  readonly propagationMs?: number;
  /** Enforce Resource Manager's limits on calls; default false. */
  readonly rateLimits?: boolean;
  /** Issuers of tokens that are found elsewhere than their address says. */
  readonly issuers?: Readonly<Record<string, IssuerSource>>;
  /** Where the Kubernetes behind clusters comes from; default: there is none. */
  readonly driver?: Driver;
  /** Values of KAITO's chart as the AI toolchain operator, beside those that AKS sets, such as where images lie. */
  readonly addonValues?: JsonObject;
  /** Images that public registries have; default: small stand-ins. */
  readonly images?: readonly LayoutImage[];
  /** A file that is kept as the hosts file of public names. */
  readonly hostsFile?: string;
  readonly clock?: Clock;
  readonly logger?: Logger;
}

const managementHosts = ['management.azure.com', 'management.core.windows.net'];

/** Starts an emulator in this process. @throws Error where its port is taken */
export async function startAzure(options: AzureOptions = {}): Promise<RunningAzure> {
  const { clock = systemClock, logger = silentLogger, names = 'local', address = '127.0.0.1' } = options;
  const temporary = options.directory === undefined;
  const directory = options.directory ?? mkdtempSync(join(tmpdir(), 'kaito-azure-'));
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const base = openStore(directory);
  const account = openAccount(base);
  const { tenantId } = account;
  const authority = await openAuthority(base.table('tls'), clock);

  const key = openSigningKey(base.table('entra/keys'));
  const audiences = createAudiences(() => (names === 'public' ? [] : [`https://localhost:${wire.port}`]));
  const tokens = createAccessTokens({
    key,
    tenantId,
    audiences,
    clock,
    lifetimeSeconds: options.tokenLifetimeSeconds ?? 3599,
    generations: base.table('entra/token-generations'),
  });
  const directoryOfPrincipals = createDirectory(base, tokens, clock);
  const roles = createRoles(base, directoryOfPrincipals, clock);
  roles.propagationMs = options.propagationMs ?? 0;
  const store = {
    ...base,
    delete(id: string): void {
      base.delete(id);
      roles.forget(id);
    },
  };
  const owner = openOwner(account, store, directoryOfPrincipals, roles);
  const faults = createWireFaults(clock);
  const operationFaults = createOperationFaults();
  const requests = createRequestLog(clock);
  const operations = createOperationQueue({
    store,
    clock,
    logger,
    faults: operationFaults,
    durationMs: options.operationMs ?? 1000,
  });
  const wire = await listen({
    authority,
    address,
    port: options.port ?? (names === 'public' ? 443 : (account.port() ?? 0)),
    ...(options.driver?.machines !== undefined && { socket: wireSocket(directory) }),
    faults,
    requests,
    logger,
  });
  account.keep({ port: wire.port });
  const authenticate = createAuthenticator({
    tokens,
    audiences,
    principals: directoryOfPrincipals,
    authority: () => `${authorityHost}/${tenantId}`,
  });
  const authorityHost = names === 'public' ? 'https://login.microsoftonline.com' : `https://localhost:${wire.port}`;

  const emulator: Emulator = {
    store,
    operations,
    authorization: roles,
    principals: directoryOfPrincipals,
    clock,
    logger,
    tenantId,
    directory,
    authority: authority.certificate,
    port: wire.port,
    certificate: (host) => authority.serverCertificate(host),
    names,
  };
  const services = createServices(emulator, {
    announceIssuer: (issuer, source) => entra.issuers.add(issuer, source),
    driver: options.driver ?? noKubernetes,
    listenMetadata: (identities, socket) => imds.listenAt(identities, socket),
    ...(options.images !== undefined && { images: options.images }),
    ...(options.addonValues !== undefined && { addonValues: options.addonValues }),
  });
  const router: Router = createRouter(allRoutes());
  const entra = {
    directory: directoryOfPrincipals,
    tokens,
    audiences,
    clock,
    tenantId,
    issuers: createIssuers({
      clock,
      isOwn: (host, path) =>
        hosts.some((each) => each.serves(host, path) || each.serves(host.replace(/:\d+$/, ''), path)),
      own: () => ({ address, port: wire.port, authority: authority.certificate }),
    }),
    federatedCredentials: (principal: Parameters<typeof federatedCredentialsOf>[1]) =>
      federatedCredentialsOf(store, principal),
  };
  for (const [issuer, source] of Object.entries(options.issuers ?? {})) entra.issuers.add(issuer, source);
  const hosts: HostService[] = [
    ...services.flatMap((service) => service.hosts ?? []),
    createEntraService({ ...entra, key, names }),
    createGraphService({
      directory: directoryOfPrincipals,
      tenantId,
      names,
      authenticate: (header) => authenticate(header, 'graph'),
    }),
    createMetadataService(tenantId),
  ];
  const resourceManager = createArmService({
    router,
    store,
    authorization: roles,
    authenticate: (header) => authenticate(header, 'resource-manager'),
    limits: createRateLimits(clock, options.rateLimits ?? false),
    logger,
    retryAfterSeconds: options.retryAfterSeconds ?? 1,
    noteCaller: requests.noteCaller,
    changed: keepHosts,
  });
  wire.services = [
    ...hosts,
    {
      serves: (host) => /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/.test(host) || managementHosts.includes(host),
      names: () => (names === 'public' ? managementHosts : []),
      handle: resourceManager,
    },
  ];
  const imds = createImds({ directory: directoryOfPrincipals, tokens, audiences, clock });
  const admin = await startAdmin(
    [
      ...accountRoutes({ store, directory: directoryOfPrincipals, roles, tokens, issuers: entra.issuers, tenantId }),
      ...faultRoutes(faults, operationFaults, operations),
      ...requestRoutes(requests),
      ...imdsRoutes(imds),
      ...services.flatMap((service) => service.admin ?? []),
    ],
    options.adminPort ?? 0,
    logger,
  );
  keepHosts();

  const ending = new AbortController();
  const running = [operations, ...services].map((each) => each.run?.(ending.signal));
  const bundles = writeBundles(directory, authority.certificate);
  const described = {
    names,
    directory,
    endpoint: names === 'public' ? 'https://management.azure.com' : `https://localhost:${wire.port}`,
    authorityHost,
    admin: admin.url,
    port: wire.port,
    tenantId,
    subscriptionId: account.subscriptionId,
    owner,
    authorityFile: bundles.authority,
  };
  return {
    ...described,
    environment: environmentOf(described, bundles.bundle),
    async stop() {
      ending.abort(new Error('the emulator ends'));
      await options.driver?.close?.();
      await Promise.all([wire.close(), admin.close(), imds.close(), ...running]);
      base.close();
      if (temporary) rmSync(directory, { recursive: true, force: true, maxRetries: 10 });
    },
  };

  function allRoutes(): ArmRoute[] {
    const deleteResource = createResourceDeletion(store, operations, () => router);
    const routes = [
      ...subscriptionRoutes(store, roles, directoryOfPrincipals, tenantId),
      ...groupRoutes({ store, operations, roles, deleteResource }),
      ...listingRoutes(store, roles),
      ...authorizationRoutes(roles, directoryOfPrincipals, clock),
      ...identityRoutes(store, directoryOfPrincipals, tenantId),
      ...services.flatMap((service) => service.arm ?? []),
    ];
    return [...routes, ...providerRoutes(routes), ...operationRoutes(operations, store, namespacesOf(routes))];
  }

  function keepHosts(): void {
    const hosts = wire.services.flatMap((service) => service.names?.() ?? []);
    options.driver?.knowHosts?.(hosts);
    if (options.hostsFile !== undefined) writeHosts(options.hostsFile, hostsFile(address, hosts));
  }
}
