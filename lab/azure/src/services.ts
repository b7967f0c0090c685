import type { Driver } from './aks/driver/driver.ts';
import { createAcr } from './acr/acr.ts';
import { createAks } from './aks/setup.ts';
import { createCompute } from './compute/setup.ts';
import type { LayoutImage } from './registry/layout.ts';
import type { JsonObject } from './store/store.ts';
import type { IssuerSource } from './entra/issuers.ts';
import type { Emulator, Service } from './wire/service.ts';

/** What parts may ask of the framework beside the emulator. */
export interface ServiceContext {
  /** Says where the keys of an issuer of tokens are served, where its address does not lead there. */
  readonly announceIssuer: (issuer: string, source: IssuerSource) => void;
  /** Where the Kubernetes behind clusters comes from. */
  readonly driver: Driver;
  /** Begins the metadata service of machines with these identities on a unix socket, where it does not listen already. */
  readonly listenMetadata: (identities: readonly string[], socket: string) => Promise<void>;
  /** Values of KAITO's chart as the AI toolchain operator. */
  readonly addonValues?: JsonObject;
  /** Images that public registries have; default: small stand-ins. */
  readonly images?: readonly LayoutImage[];
}

/** The parts of Azure that stand on the framework, in the order in which they are asked. */
export function createServices(emulator: Emulator, context: ServiceContext): readonly Service[] {
  const { images, ...aks } = context;
  return [
    createAcr(emulator, images === undefined ? {} : { layouts: images }),
    createCompute(emulator),
    createAks(emulator, aks),
  ];
}
