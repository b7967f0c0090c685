import { readFile } from 'node:fs/promises';
import { AzureError } from '../errors/azure-error.ts';
import type { Wire } from '../wire/wire.ts';
import { assertionClaims } from './assertion.ts';
import { CachedCredential } from './cached-credential.ts';
import type { Credential } from './credential.ts';
import { entraError } from './entra-error.ts';
import { entraLogin } from './entra-login.ts';
import type { EntraClient } from './entra-login.ts';
import { tokenOf } from './token-answer.ts';

export interface WorkloadIdentityOptions extends EntraClient {
  /** File of the service-account token; read anew for each login, as the kubelet renews it. */
  readonly tokenFile: string;
}

/** The identity that a service account of Kubernetes stands for, by a federated credential. */
export function workloadIdentity(wire: Wire, options: WorkloadIdentityOptions): Credential {
  return new CachedCredential(async (audience, claims) => {
    const assertion = await readAssertion(options.tokenFile);
    const proof = {
      client_assertion: assertion,
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    };
    const answer = await entraLogin(wire, options, audience, proof, claims);
    const now = wire.clock.now();
    if (answer.status !== 200) throw entraError(answer, options, now, assertionClaims(assertion));
    return tokenOf(answer.text, now, 'Entra ID');
  }, wire);
}

async function readAssertion(file: string): Promise<string> {
  let text: string;
  try {
    text = (await readFile(file, 'utf8')).trim();
  } catch (error) {
    throw noAssertion(`cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`, file, error);
  }
  if (text === '') throw noAssertion('is empty', file);
  return text;
}

function noAssertion(what: string, file: string, cause?: unknown): AzureError {
  return new AzureError('NoCredential', {
    message: `the service-account token ${file} ${what}`,
    remedy:
      'project a service-account token with the audience api://AzureADTokenExchange there, and set AZURE_FEDERATED_TOKEN_FILE to it',
    retry: 'later',
    cause,
  });
}
