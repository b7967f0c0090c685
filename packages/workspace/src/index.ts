export { createTextLogger as createLogger } from '@kaito/kube';
export { fieldManager } from './options.ts';
export type { OperatorOptions } from './options.ts';
export { readSettings, SettingsError } from './settings.ts';
export type { Settings } from './settings.ts';
export { setUp } from './setup.ts';
export type { Surroundings } from './setup.ts';
