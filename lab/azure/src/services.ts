import type { Emulator, Service } from './wire/service.ts';

/** The parts of Azure that stand on the framework, in the order in which they are asked. */
export function createServices(_emulator: Emulator): readonly Service[] {
  return [];
}
