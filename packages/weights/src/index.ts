export { WeightsCache } from './cache.ts';
export { defaultCacheDirectory } from './cache-directory.ts';
export * from './errors.ts';
export { fetchWeights } from './fetch.ts';
export * from './request.ts';
