export { announce } from './announce.ts';
export { faultOf } from './fault-of.ts';
export { type Sighting, gather } from './gather.ts';
export { type Published, publish } from './publish.ts';
export { sameStatus, tellAfterMs } from './same-status.ts';
export { type Judgement, type StatusInput, statusOf } from './status-of.ts';
export { type Subject, createWarnings, needsEvents } from './warnings.ts';
export { writeStatus } from './write-status.ts';
