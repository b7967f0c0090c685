import type { Driver } from './driver.ts';

/** No Kubernetes at all: clusters and pools are entries of Resource Manager, and kubeconfigs lead nowhere. */
export const noKubernetes: Driver = {
  shared: false,
  issuer: (planned) => Promise.resolve(planned),
  start: () => Promise.resolve('there'),
  stop: () => Promise.resolve(),
  remove: () => Promise.resolve(),
  connect: () => undefined,
  signingKeys: () => Promise.resolve({ keys: [] }),
};
