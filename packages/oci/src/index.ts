export * from './artifact.ts';
export * from './copy/copy.ts';
export type { PlatformChoice } from './copy/tree.ts';
export { dockerConfigFile, dockerCredentials, type Credentials, type CredentialSource } from './credentials.ts';
export * from './digest.ts';
export * from './download.ts';
export * from './errors.ts';
export * from './http.ts';
export { statusError } from './http-errors.ts';
export {
  selectManifest,
  type Descriptor,
  type Index,
  type IndexEntry,
  type Manifest,
  type Platform,
} from './manifest.ts';
export { PartialFile, writeError } from './partial-file.ts';
export * from './rate.ts';
export * from './reference.ts';
export * from './registry.ts';
export * from './retry.ts';
export type { RegistryClientOptions, Repository } from './session.ts';
export * from './timing.ts';
export { bytesSource, fileSource, type BlobSource } from './upload/blob-source.ts';
export * from './upload/journal.ts';
export type { PushBlobOptions, PushedBlob } from './upload/push-blob.ts';
