export { adopt } from './adopt.ts';
export { describeMadeElsewhere, isToBeAdopted, lookForMadeElsewhere, type MadeElsewhere } from './made-elsewhere.ts';
