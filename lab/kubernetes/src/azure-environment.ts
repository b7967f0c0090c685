import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Name of the Azure emulator's log, and of its folder in the lab's. */
export const azureProgram = 'azure';

/** The variables by which programs inside find the lab's Azure, as its owner; undefined: it has none. */
export function azureEnvironment(directory: string): Readonly<Record<string, string>> | undefined {
  const file = join(directory, azureProgram, 'running.json');
  if (!existsSync(file)) return undefined;
  const { environment, owner } = JSON.parse(readFileSync(file, 'utf8')) as {
    readonly environment: Readonly<Record<string, string>>;
    readonly owner: { readonly appId: string; readonly secret: string };
  };
  return { ...environment, AZURE_CLIENT_ID: owner.appId, AZURE_CLIENT_SECRET: owner.secret };
}
