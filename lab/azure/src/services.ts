import { createAcr } from './acr/acr.ts';
import type { IssuerSource } from './entra/issuers.ts';
import type { Emulator, Service } from './wire/service.ts';

/** What parts may ask of the framework beside the emulator. */
export interface ServiceContext {
  /** Says where the keys of an issuer of tokens are served, where its address does not lead there. */
  readonly announceIssuer: (issuer: string, source: IssuerSource) => void;
}

/** The parts of Azure that stand on the framework, in the order in which they are asked. */
export function createServices(emulator: Emulator, _context: ServiceContext): readonly Service[] {
  return [createAcr(emulator)];
}
