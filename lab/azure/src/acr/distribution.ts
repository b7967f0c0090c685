import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Backend } from './backend.ts';
import type { RegistryFaults } from './faults.ts';
import { answerCatalog, answerReferrers } from './metadata.ts';
import type { Proxy } from './proxy.ts';
import { registryUnavailable, unsupported } from './registry-error.ts';
import type { DistributionRequest } from './requests.ts';

export interface DistributionParts {
  readonly backend: Backend;
  readonly proxy: Proxy;
  readonly faults: RegistryFaults;
}

/**
 * Answers a request of the distribution interface that its caller may make: from the registry behind, except for what that does not know.
 *
 * @param host of the registry in the cloud
 * @param mayPull whether blobs of another repository may be mounted from it
 * @throws RegistryError
 */
export async function answerDistribution(
  { backend, proxy, faults }: DistributionParts,
  host: string,
  asked: DistributionRequest,
  mayPull: (repository: string) => boolean,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = new URL(request.url ?? '/', 'https://registry');
  const reading = request.method === 'GET' || request.method === 'HEAD';
  if (asked.kind === 'catalog' || asked.kind === 'referrers') {
    if (!reading) throw unsupported();
    const content = backend.content(host);
    if (asked.kind === 'catalog') await answerCatalog(content, url, request, response);
    else await answerReferrers(content, asked.repository, asked.reference, request, response);
    return;
  }
  // Without the right to the other repository it becomes an upload like any other.
  if (asked.kind === 'upload' && !mayPull(url.searchParams.get('from') ?? asked.repository)) {
    url.searchParams.delete('from');
    url.searchParams.delete('mount');
  }
  const change = asked.kind === 'blob' && request.method === 'GET' ? faults.blob(host, asked.reference) : undefined;
  await proxy.forward(request, response, await addressOf(backend, host), `${asked.path}${url.search}`, {
    change,
    headersFor: async ({ headers }) => {
      const put = asked.kind === 'manifest' && request.method === 'PUT' ? headers['docker-content-digest'] : undefined;
      const subject = typeof put === 'string' ? await backend.content(host).subjectOf(put) : undefined;
      // It is listed as a referrer: the client need not keep that list.
      return subject === undefined ? {} : { 'oci-subject': subject };
    },
  });
}

/** Takes a tag out of a registry; its manifest stays. @throws RegistryError */
export async function untag(backend: Backend, host: string, repository: string, tag: string): Promise<void> {
  const url = `http://${await addressOf(backend, host)}/v2/${repository}/manifests/${tag}`;
  const answer = await fetch(url, { method: 'DELETE' });
  if (!answer.ok) throw registryUnavailable(`status ${answer.status}`);
}

/** @throws RegistryError where the registry cannot be started, with the reason */
async function addressOf(backend: Backend, host: string): Promise<string> {
  try {
    return await backend.address(host);
  } catch (error) {
    throw registryUnavailable((error as Error).message);
  }
}
