import type { LocalWorkspace } from '@kaito/local';
import type { Endpoint } from '../endpoint/endpoint.ts';
import { failure } from '../failure.ts';
import { readSource } from './manifest.ts';
import { titleOf } from './lookup.ts';

/** The endpoint of a Workspace that answers, with its API key. Throws Failure NotReady with the root cause. */
export async function endpointOf(workspace: LocalWorkspace, apiKeyFile?: string): Promise<Endpoint> {
  const { endpoint, rootCause } = workspace.assessment;
  if (endpoint == null) {
    const why = rootCause == null ? '' : `: ${rootCause.message}`;
    throw failure(
      rootCause?.code ?? 'NotReady',
      `${titleOf(workspace)} is not ready${/[.!?]$/.test(why) ? why : `${why}.`}`,
      rootCause?.remedy ?? `See 'kaito describe ${workspace.name}'.`,
    );
  }
  const file = apiKeyFile ?? workspace.settings.apiKeyFile;
  return { url: endpoint.replace(/\/$/, ''), ...(file == null ? {} : { apiKey: await readKey(file) }) };
}

/** The first line of an API key file. Throws Failure. */
export async function readKey(file: string): Promise<string> {
  const key = (await readSource(file)).text.split('\n')[0]?.trim() ?? '';
  if (key === '') throw failure('EmptyKey', `${file} holds no API key.`, 'Write the key on its first line.');
  return key;
}
