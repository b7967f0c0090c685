import { ConnectionError } from './errors.ts';

interface Explanation {
  readonly says: string;
  readonly remedy?: string;
}

const distrusted: Explanation = {
  says: "the server's certificate is not signed by an authority that this configuration trusts",
  remedy:
    'fetch the credentials again (on AKS: az aks get-credentials --overwrite-existing), or set certificate-authority of the cluster in the kubeconfig',
};
const unreachable: Explanation = {
  says: 'there is no way to the host from here',
  remedy: 'check the network or VPN; a private cluster is only reachable from its own network',
};
const unreadable: Explanation = {
  says: 'the client certificate, its key or the authority of this configuration cannot be read',
  remedy: 'fetch the credentials again (on AKS: az aks get-credentials --overwrite-existing)',
};
const refusedCertificate: Explanation = {
  says: 'the server refused the client certificate',
  remedy: 'fetch the credentials again; client certificates expire',
};

/** By the codes of node:net, node:dns, node:tls and OpenSSL. */
const explanations: Readonly<Record<string, Explanation>> = {
  ENOTFOUND: {
    says: 'no such host is known (DNS)',
    remedy:
      'check the server address in the kubeconfig; the cluster may be deleted, or its name only known inside a VPN',
  },
  EAI_AGAIN: { says: 'the name server does not answer (DNS)', remedy: 'check the network and its name servers' },
  ECONNREFUSED: {
    says: 'nothing listens there',
    remedy: 'check that the cluster runs (on AKS: az aks start) and that the port in the kubeconfig is right',
  },
  ETIMEDOUT: unreachable,
  EHOSTUNREACH: unreachable,
  ENETUNREACH: unreachable,
  ECONNRESET: { says: 'the connection was closed before the answer came' },
  EPIPE: { says: 'the connection was closed before the answer came' },
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: distrusted,
  UNABLE_TO_GET_ISSUER_CERT: distrusted,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: distrusted,
  SELF_SIGNED_CERT_IN_CHAIN: distrusted,
  DEPTH_ZERO_SELF_SIGNED_CERT: distrusted,
  CERT_SIGNATURE_FAILURE: distrusted,
  CERT_HAS_EXPIRED: {
    says: "the server's certificate has expired",
    remedy: "renew the API server's certificate (on AKS: az aks rotate-certs), and check this machine's clock",
  },
  CERT_NOT_YET_VALID: {
    says: "the server's certificate is not valid yet",
    remedy: "check this machine's clock",
  },
  ERR_TLS_CERT_ALTNAME_INVALID: {
    says: "the server's certificate is for other names",
    remedy: 'use one of its names as server address, or set tls-server-name of the cluster in the kubeconfig',
  },
  ERR_SSL_WRONG_VERSION_NUMBER: {
    says: 'the server does not speak TLS there',
    remedy: 'check the port and the http:// or https:// of the server address',
  },
  EPROTO: {
    says: 'the server does not speak TLS there',
    remedy: 'check the port and the http:// or https:// of the server address',
  },
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: refusedCertificate,
  ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE: refusedCertificate,
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED: refusedCertificate,
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: refusedCertificate,
  TIMEOUT: {
    says: 'no answer came in time',
    remedy: 'try again; if it stays so, look at the load of the API server and of the network',
  },
};

/** `error` of node:net, node:dns or node:tls as one sentence about a request to `server`, with a remedy where one is known. */
export function connectionError(error: unknown, request: string, server: string): ConnectionError {
  if (error instanceof ConnectionError) return error;
  const cause = innermost(error);
  const code = codeOf(cause);
  const explanation = code === undefined ? undefined : (explanations[code] ?? unreadableBy(code));
  const detail = cause instanceof Error ? cause.message : String(cause);
  const says = explanation === undefined ? detail : `${explanation.says} (${code})`;
  return new ConnectionError(`${request}: cannot talk to ${server}: ${says}`, {
    cause: error,
    ...(code === undefined ? {} : { code }),
    ...(explanation?.remedy === undefined ? {} : { remedy: explanation.remedy }),
  });
}

/** OpenSSL's codes for PEM, ASN.1 and keys that do not belong to their certificate. */
function unreadableBy(code: string): Explanation | undefined {
  return /^ERR_OSSL_(PEM|ASN1|X509|UNSUPPORTED|DECODER)/.test(code) ? unreadable : undefined;
}

/** Trying several addresses of one host fails with an AggregateError; the last says it. */
function innermost(error: unknown): unknown {
  return error instanceof AggregateError && error.errors.length > 0 ? innermost(error.errors.at(-1)) : error;
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
