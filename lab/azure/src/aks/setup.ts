import { fileURLToPath } from 'node:url';
import type { JsonObject } from '../store/store.ts';
import type { Emulator, Service } from '../wire/service.ts';
import type { AddonChart } from './addon/addon.ts';
import { adminRoutes } from './admin.ts';
import { agentPoolRoutes } from './agent-pools/routes.ts';
import { agentPoolWorkers } from './agent-pools/work.ts';
import { resumeClusters } from './cluster/resume.ts';
import { clusterRoutes } from './cluster/routes.ts';
import { clusterWorkers } from './cluster/work.ts';
import { type AksDeps, specOf } from './deps.ts';
import type { Driver } from './driver/driver.ts';
import { createIssuerHost } from './issuer/issuer-host.ts';
import { issuerUrl } from './issuer/issuer-url.ts';
import { clusterType } from './names.ts';
import { createConvergence } from './nodes/convergence.ts';

const chart = fileURLToPath(new URL('../../../../charts/kaito', import.meta.url));

export interface AksOptions {
  readonly driver: Driver;
  /** Default: KAITO's chart of this repository. */
  readonly addon?: AddonChart;
  /** Values for it, beside those that AKS sets. */
  readonly addonValues?: JsonObject;
  /** Begins a metadata service of machines; only for drivers whose machines are real. */
  readonly listenMetadata?: AksDeps['listenMetadata'];
  /** Told where the keys of an issuer are served, where its address does not lead there: Entra must find them. */
  readonly announceIssuer?: (issuer: string, served: { readonly discovery: string; readonly keys: string }) => void;
}

/** Microsoft.ContainerService: managed clusters, their pools, the nodes behind them, and what issues their tokens. */
export function createAks(emulator: Emulator, options: AksOptions): Service {
  const { driver, addonValues, announceIssuer, listenMetadata = async () => {} } = options;
  const addon = options.addon ?? { chart, ...(addonValues !== undefined && { values: addonValues }) };
  const convergence = createConvergence(emulator, driver);
  const deps: AksDeps = {
    ...emulator,
    driver,
    addon,
    listenMetadata,
    converge: (clusterId, signal) => convergence.converge(clusterId, signal),
    announce(cluster) {
      const { uid, issuer } = specOf(emulator, cluster);
      const served = issuerUrl(emulator, cluster.location!, uid);
      if (issuer !== served)
        announceIssuer?.(issuer, {
          discovery: `${served}.well-known/openid-configuration`,
          keys: `${served}openid/v1/jwks`,
        });
    },
  };
  clusterWorkers(deps);
  agentPoolWorkers(deps);
  const forever = new AbortController().signal;
  return {
    arm: [...clusterRoutes(deps), ...agentPoolRoutes(deps)],
    hosts: [createIssuerHost(emulator, (cluster) => driver.signingKeys(specOf(emulator, cluster)))],
    admin: adminRoutes(emulator, (clusterId) => convergence.converge(clusterId, forever)),
    async run(signal) {
      for (const cluster of emulator.store.list('', clusterType)) deps.announce(cluster);
      await Promise.all([convergence.run(signal), resumeClusters(deps, signal)]);
    },
  };
}
