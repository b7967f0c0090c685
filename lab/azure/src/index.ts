export { type AzureOptions, startAzure } from './setup.ts';
export type { Owner, RunningAzure } from './running-azure.ts';
