export { type StandIn, ensureStandIns } from './stand-ins.ts';
export { curlReference, type ModelReference, modelReferences } from './references.ts';
