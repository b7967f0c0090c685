import { ClientSecretCredential } from '@azure/identity';

/** A call that the emulator served. */
export interface ServedRequest {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly callerId?: string;
}

/** A subscription of the emulator and its owner, who sets the stage; reached over the wire alone. */
export interface Subscription {
  readonly endpoint: string;
  readonly subscriptionId: string;
  readonly tenantId: string;
  readonly owner: ClientSecretCredential;
  /** Calls Resource Manager as the owner, and waits for a long-running operation's end. @returns the body */
  arm(method: string, path: string, apiVersion: string, body?: object): Promise<unknown>;
  /** Calls the emulator's admin endpoint. @returns the body */
  admin(method: string, path: string, body?: object): Promise<unknown>;
  /** What has been served, in order. */
  requests(): Promise<readonly ServedRequest[]>;
}

function variable(name: string): string {
  const value = process.env[name];
  if (value === undefined || value === '')
    throw new Error(
      `${name} is not set. Scenarios run inside a lab with Azure: npm test -- azure, or npm run -s lab -- run -- npm run -s lab -- azure run --no-az -- vitest run --project azure`,
    );
  return value;
}

async function answerOf(response: Response): Promise<unknown> {
  const text = await response.text();
  if (!response.ok) throw new Error(`${response.status} ${response.url}: ${text}`);
  return text === '' ? undefined : JSON.parse(text);
}

/** A subscription of its own. */
export async function newSubscription(): Promise<Subscription> {
  const [endpoint, authorityHost] = [variable('KAITO_AZURE_ENDPOINT'), variable('AZURE_AUTHORITY_HOST')];
  const adminUrl = variable('KAITO_AZURE_ADMIN');
  const headers = { 'content-type': 'application/json' };
  const admin = async (method: string, path: string, body: object = {}): Promise<unknown> =>
    await answerOf(
      await fetch(`${adminUrl}${path}`, { method, headers, ...(method !== 'GET' && { body: JSON.stringify(body) }) }),
    );
  const { subscriptionId, tenantId, appId, secret } = (await admin('POST', '/subscriptions', {})) as Record<
    'subscriptionId' | 'tenantId' | 'appId' | 'secret',
    string
  >;
  const owner = new ClientSecretCredential(tenantId, appId, secret, { authorityHost, disableInstanceDiscovery: true });

  async function call(method: string, url: string, body?: object): Promise<Response> {
    const { token } = (await owner.getToken(`${endpoint}/.default`))!;
    return await fetch(url, {
      method,
      headers: { ...headers, authorization: `Bearer ${token}` },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  }

  return {
    endpoint,
    subscriptionId,
    tenantId,
    owner,
    admin,
    requests: async () => (await admin('GET', '/requests')) as readonly ServedRequest[],
    async arm(method, path, apiVersion, body) {
      const first = await call(method, `${endpoint}${path}?api-version=${apiVersion}`, body);
      const operation = first.headers.get('azure-asyncoperation');
      const answer = await answerOf(first);
      if (operation === null) return answer;
      for (;;) {
        const looked = await call('GET', operation);
        const seconds = Number(looked.headers.get('retry-after') ?? '1');
        const { status, error } = (await answerOf(looked)) as { status: string; error?: object };
        if (status === 'Failed') throw new Error(`${method} ${path}: ${JSON.stringify(error)}`);
        if (status === 'Succeeded') break;
        await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
      }
      return method === 'PUT'
        ? await answerOf(await call('GET', `${endpoint}${path}?api-version=${apiVersion}`))
        : answer;
    },
  };
}
