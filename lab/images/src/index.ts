export { type StandIn, ensureStandIns } from './stand-ins.ts';
