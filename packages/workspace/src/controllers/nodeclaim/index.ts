export { createOrphanController, orphanControllerName } from './orphans.ts';
