import { AzureError } from './azure-error.ts';
import { oneLine } from './one-line.ts';

interface Explanation {
  readonly says: string;
  readonly remedy: string;
  readonly retry?: 'later';
}

const network = 'check the network, its name servers and HTTPS_PROXY';
const closed: Explanation = { says: 'the connection was closed before the answer came', remedy: network };
const unreachable: Explanation = { says: 'there is no way to the host from here', remedy: network };
const distrusted: Explanation = {
  says: 'its certificate is not signed by an authority that is trusted here',
  remedy: 'name the file of the authority (PEM) in NODE_EXTRA_CA_CERTS, and start again',
  retry: 'later',
};

/** By the codes of node:net, node:dns, node:tls and of this package. */
const explanations: Readonly<Record<string, Explanation>> = {
  ENOTFOUND: {
    says: 'no such host is known (DNS)',
    remedy: `${network}; check AZURE_AUTHORITY_HOST and the cloud's name`,
  },
  EAI_AGAIN: { says: 'the name server does not answer (DNS)', remedy: network },
  ECONNREFUSED: { says: 'nothing listens there', remedy: 'check the address and the port' },
  ECONNRESET: closed,
  EPIPE: closed,
  ETIMEDOUT: unreachable,
  EHOSTUNREACH: unreachable,
  ENETUNREACH: unreachable,
  TIMEOUT: { says: 'no answer came in time', remedy: 'try again; if it stays so, look at the network' },
  TOO_LONG: { says: 'the answer is longer than any of Azure', remedy: 'check the address', retry: 'later' },
  UNREADABLE: { says: 'the answer cannot be read', remedy: 'check proxies on the way', retry: 'later' },
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: distrusted,
  UNABLE_TO_GET_ISSUER_CERT: distrusted,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: distrusted,
  SELF_SIGNED_CERT_IN_CHAIN: distrusted,
  DEPTH_ZERO_SELF_SIGNED_CERT: distrusted,
  CERT_SIGNATURE_FAILURE: distrusted,
  CERT_HAS_EXPIRED: { says: 'its certificate has expired', remedy: "check this machine's clock", retry: 'later' },
  CERT_NOT_YET_VALID: {
    says: 'its certificate is not valid yet',
    remedy: "check this machine's clock",
    retry: 'later',
  },
  ERR_TLS_CERT_ALTNAME_INVALID: {
    says: 'its certificate is for other names',
    remedy: 'use one of the names in the certificate as address',
    retry: 'later',
  },
  ERR_SSL_WRONG_VERSION_NUMBER: { says: 'it does not speak TLS there', remedy: 'check the port', retry: 'later' },
  EPROTO: { says: 'it does not speak TLS there', remedy: 'check the port', retry: 'later' },
};

/** An error of node:net, node:dns or node:tls as one sentence about `host`. */
export function networkError(code: string, cause: unknown, host: string): AzureError {
  const explanation = explanations[code];
  const detail = cause instanceof Error ? oneLine(cause.message) : '';
  return new AzureError(code === 'TIMEOUT' ? 'TimedOut' : 'NetworkUnreachable', {
    message: `cannot talk to ${host}: ${explanation?.says ?? detail} (${code})`,
    remedy: explanation?.remedy ?? network,
    retry: explanation?.retry ?? 'soon',
    cause,
  });
}
