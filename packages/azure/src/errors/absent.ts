import { AzureError } from './azure-error.ts';

const missing: ReadonlySet<AzureError['code']> = new Set(['NotFound', 'ClusterNotFound']);

/** Undefined where what is asked for is not there. @throws all other errors */
export async function absent<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof AzureError && missing.has(error.code)) return undefined;
    throw error;
  }
}

/** What is not there need not be deleted. @throws all other errors */
export async function ignoreMissing(remove: () => Promise<unknown>): Promise<void> {
  await absent(remove);
}
