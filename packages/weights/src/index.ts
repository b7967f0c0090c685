export { WeightsCache } from './cache.ts';
export { defaultCacheDirectory } from './cache-directory.ts';
export * from './errors.ts';
export { fetchWeights } from './fetch.ts';
export { type CachedFile, listCache, pruneCache, verifyCache } from './maintenance.ts';
export { parseWeightsRequest } from './parse-request.ts';
export * from './request.ts';
export { pushModel, type PushedModel, type PushModelOptions } from './push-model.ts';
export { parseSourceText } from './source-text.ts';
