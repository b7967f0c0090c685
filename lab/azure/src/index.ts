export { ensureAzureCli, azureCliVersion } from './azure-cli/install.ts';
export type { LayoutImage } from './registry/layout.ts';
export { ensureRegistryProgram } from './registry/program.ts';
export { type AzureOptions, startAzure } from './setup.ts';
export type { Owner, RunningAzure } from './running-azure.ts';
export { runningNames } from './launch/record.ts';
export { foreground } from './launch/children.ts';
