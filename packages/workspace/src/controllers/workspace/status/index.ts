export { faultOf } from './fault-of.ts';
export { type Sighting } from './gather.ts';
export { type Published, publish } from './publish.ts';
export { type Judgement, type StatusInput } from './status-of.ts';
export { type Subject, createWarnings } from './warnings.ts';
