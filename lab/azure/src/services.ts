import type { Driver } from './aks/driver/driver.ts';
import { createAcr } from './acr/acr.ts';
import { createAks } from './aks/setup.ts';
import { createCompute } from './compute/setup.ts';
import type { IssuerSource } from './entra/issuers.ts';
import type { Emulator, Service } from './wire/service.ts';

/** What parts may ask of the framework beside the emulator. */
export interface ServiceContext {
  /** Says where the keys of an issuer of tokens are served, where its address does not lead there. */
  readonly announceIssuer: (issuer: string, source: IssuerSource) => void;
  /** Where the Kubernetes behind clusters comes from. */
  readonly driver: Driver;
}

/** The parts of Azure that stand on the framework, in the order in which they are asked. */
export function createServices(emulator: Emulator, { announceIssuer, driver }: ServiceContext): readonly Service[] {
  return [createAcr(emulator), createCompute(emulator), createAks(emulator, { driver, announceIssuer })];
}
