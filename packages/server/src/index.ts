/** What the executable writes to its standard output. */
export type { ReadinessState, ServerEvent } from './lifecycle/events.ts';
