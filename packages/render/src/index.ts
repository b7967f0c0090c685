export { renderNodeClaim } from './node-claim.ts';
export { render } from './render.ts';
export * from './rendered.ts';
export { objectsOf, toYaml } from './to-yaml.ts';
