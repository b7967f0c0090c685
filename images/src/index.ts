export { baseImage } from './base/base-image.ts';
export { type BuildOptions, buildFrom } from './build.ts';
export { ensureImage } from './images.ts';
export type { BuiltImage } from './layout.ts';
export type { ImageName } from './names.ts';
export { type PushOptions, pushImage } from './push.ts';
