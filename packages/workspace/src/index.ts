export { fieldManager } from './options.ts';
export type { OperatorOptions } from './options.ts';
export { SettingsError } from '@kaito/kube';
export { readSettings } from './settings.ts';
export type { Settings } from './settings.ts';
export { setUp } from './setup.ts';
export type { Surroundings } from './setup.ts';
