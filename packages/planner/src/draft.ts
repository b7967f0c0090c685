import { bypassResourceChecksAnnotation } from '@kaito/api';
import type { Catalog } from '@kaito/catalog';
import type { ChosenModel } from './choose-model.ts';
import type { Facts } from './facts.ts';
import type { Hardware } from './hardware.ts';
import type { Notes } from './notes.ts';
import type { MachineChoice } from './placement.ts';
import type { Alternative, PlacementChoice, PlanOptions } from './plan.ts';
import type { Request } from './request.ts';
import type { Fit } from './shape.ts';

/** All that is decided about a preset, before it is checked. */
export interface Draft {
  readonly request: Request;
  readonly catalog: Catalog;
  readonly facts: Facts;
  readonly options: PlanOptions;
  readonly model: ChosenModel;
  readonly machine: MachineChoice;
  /** What one server can have; undefined where nothing suits or nothing is known. */
  readonly hardware: Hardware | undefined;
  /** Undefined where the machine has too few GPUs for any layout. */
  readonly fit: Fit | undefined;
  readonly placement: PlacementChoice;
  /** What would also work, best first. */
  readonly alternatives: readonly Alternative[];
}

/** Looks at one aspect of a draft and says what is wrong or worth knowing. */
export type Check = (draft: Draft, notes: Notes) => void;

/** The estimate does not refuse: an option or the annotation `kaito.sh/bypass-resource-checks` says so. */
export function estimateOverridden({ options, request }: Pick<Draft, 'options' | 'request'>): boolean {
  return options.overrideEstimate === true || Object.hasOwn(request.annotations, bypassResourceChecksAnnotation);
}
