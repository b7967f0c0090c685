import type { Plan } from '@kaito/planner';

/** A Plan whose choices are all made. */
export type Decided = Plan & Required<Pick<Plan, 'runtime' | 'shape' | 'placement'>>;

/** A core/v1 PodTemplateSpec: metadata beside labels and annotations is not used. */
export interface PodTemplate {
  readonly metadata: {
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec: Readonly<Record<string, unknown>>;
}

/** An object of the entries whose value is not undefined, in the order written. */
export function compact(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
