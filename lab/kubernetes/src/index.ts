export { downloadModules, ensureBinaries } from './binaries.ts';
export { network } from './certificates.ts';
export { type ComponentName, componentNames } from './components.ts';
export { type ControlPlane, type ControlPlaneOptions, attach, runsIn, startControlPlane } from './control-plane.ts';
export { LabError } from './error.ts';
export {
  type GoPrograms,
  type Progress,
  cacheRoot,
  checkGo,
  downloadGoModules,
  ensureGoPrograms,
} from './go-programs.ts';
export { ensureIngressController, ingressControllerImage, ingressImage } from './ingress/ingress-controller.ts';
export { ingressObjects } from './ingress/ingress-objects.ts';
export { exitCode } from './exit-code.ts';
export { installKaito } from './kaito.ts';
export { type SimulatedNode, addNodes, kubectl, nodeManifest } from './nodes.ts';
export { podFateLabel, podFates } from './pod-stages.ts';
export {
  type KubeletIdentity,
  acrCredentialProvider,
  ensureAcrCredentialProvider,
} from './real-nodes/acr-credential-provider.ts';
export { devicePluginImage, probeImage } from './real-nodes/images.ts';
export { type SmallImage, imageArchive } from './real-nodes/image-archive.ts';
export { setHosts } from './real-nodes/name-server.ts';
export { addRealNode, realNodeNames, removeRealNode } from './real-nodes/nodes.ts';
export type { RealNode, RegistryAccess } from './real-nodes/real-node.ts';
export { ensureNodePrograms } from './real-nodes/programs.ts';
export { type Relay, relay } from './relays.ts';
export { checkRealNodes } from './real-nodes/requirements.ts';
