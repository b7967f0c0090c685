/** Calls Resource Manager as the owner of the subscription, over the wire like anybody. */
export type ResourceManager = (
  method: 'PUT' | 'POST' | 'GET',
  path: string,
  apiVersion: string,
  body?: object,
) => Promise<unknown>;

/** @param env the emulator's variables. @throws Error with what Azure answers */
export async function resourceManager(env: NodeJS.ProcessEnv): Promise<ResourceManager> {
  const [endpoint, authority, tenant, id, secret] = [
    'KAITO_AZURE_ENDPOINT',
    'AZURE_AUTHORITY_HOST',
    'AZURE_TENANT_ID',
    'KAITO_AZURE_OWNER_ID',
    'KAITO_AZURE_OWNER_SECRET',
  ].map((name) => env[name] ?? '');
  const grant = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: id!,
    client_secret: secret!,
    scope: `${endpoint}/.default`,
  });
  const login = await fetch(`${authority}/${tenant}/oauth2/v2.0/token`, { method: 'POST', body: grant });
  const { access_token: token } = (await answerOf(login)) as { readonly access_token: string };
  const call = async (method: string, url: string, body?: object) =>
    await fetch(url, {
      method,
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  return async (method, path, apiVersion, body) => {
    const answer = await call(method, `${endpoint}${path}?api-version=${apiVersion}`, body);
    const operation = answer.headers.get('azure-asyncoperation');
    const location = answer.status === 202 ? answer.headers.get('location') : null;
    const result = await answerOf(answer);
    if (operation !== null)
      await ended(
        () => call('GET', operation),
        (_, status) => status === 'Succeeded',
      );
    else if (location !== null)
      await ended(
        () => call('GET', location),
        ({ status }) => status !== 202,
      );
    return result;
  };
}

/** Looks at a long-running operation until it has ended, as often as it says. */
async function ended(
  look: () => Promise<Response>,
  isOver: (answer: Response, status: string | undefined) => boolean,
): Promise<void> {
  for (;;) {
    const answer = await look();
    const { status, error } = ((await answerOf(answer)) ?? {}) as { readonly status?: string; readonly error?: object };
    if (status === 'Failed') throw new Error(JSON.stringify(error));
    if (isOver(answer, status)) return;
    await new Promise((resolve) => setTimeout(resolve, Number(answer.headers.get('retry-after') ?? 1) * 1000));
  }
}

async function answerOf(response: Response): Promise<unknown> {
  const text = await response.text();
  if (!response.ok) throw new Error(`${response.status} ${response.url}: ${text}`);
  return text === '' ? undefined : JSON.parse(text);
}
