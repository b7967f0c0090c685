export * from './digest.ts';
export * from './download.ts';
export * from './errors.ts';
export * from './http.ts';
export { statusError } from './http-errors.ts';
export { PartialFile, writeError } from './partial-file.ts';
export * from './retry.ts';
export * from './timing.ts';
