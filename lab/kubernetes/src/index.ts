export { downloadModules, ensureBinaries } from './binaries.ts';
export { type ComponentName, componentNames } from './components.ts';
export { type ControlPlane, type ControlPlaneOptions, attach, runsIn, startControlPlane } from './control-plane.ts';
export { LabError } from './error.ts';
export { type GoPrograms, type Progress, cacheRoot, downloadGoModules, ensureGoPrograms } from './go-programs.ts';
export { installKaito } from './kaito.ts';
export { type SimulatedNode, addNodes, kubectl, nodeManifest } from './nodes.ts';
export { podFateLabel, podFates } from './pod-stages.ts';
