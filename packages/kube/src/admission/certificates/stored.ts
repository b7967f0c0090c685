import { createPrivateKey, X509Certificate } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { isIP } from 'node:net';
import type { KeyPair } from './serving-certificate.ts';

/** Names of the entries in the Secret, as cert-manager's, and the authority's key beside them. */
export const entries = {
  authorities: 'ca.crt',
  authorityKey: 'ca.key',
  certificate: 'tls.crt',
  key: 'tls.key',
} as const;

/** A certificate with its times in milliseconds since the epoch. */
export interface Dated {
  readonly pem: string;
  readonly x509: X509Certificate;
  readonly notBefore: number;
  readonly notAfter: number;
}

/** What the Secret holds and is sound in itself. */
export interface Stored {
  /** Every authority that clients are to trust, newest first. */
  readonly authorities: readonly Dated[];
  /** The authority whose private key is there. */
  readonly signer: (Dated & { readonly key: string }) | undefined;
  /** The server's certificate: its key fits, and one of the authorities signed it. */
  readonly leaf: (Dated & { readonly key: string }) | undefined;
}

export const nothingStored: Stored = { authorities: [], signer: undefined, leaf: undefined };

/** Reads `data` of the Secret (base64). What is missing or damaged is left out; never throws. */
export function readStored(data: Readonly<Record<string, string>> | undefined): Stored {
  const text = (entry: string) => Buffer.from(data?.[entry] ?? '', 'base64').toString('utf8');
  const authorities = certificatesIn(text(entries.authorities))
    .filter(({ x509 }) => x509.ca)
    .toSorted((a, b) => b.notBefore - a.notBefore);
  const authorityKey = keyIn(text(entries.authorityKey));
  const signer = authorities.find(({ x509 }) => authorityKey !== undefined && x509.checkPrivateKey(authorityKey));
  const key = keyIn(text(entries.key));
  const leaf = certificatesIn(text(entries.certificate))[0];
  const sound =
    leaf !== undefined &&
    key !== undefined &&
    leaf.x509.checkPrivateKey(key) &&
    authorities.some(({ x509 }) => signed(x509, leaf.x509));
  return {
    authorities,
    signer: signer && { ...signer, key: text(entries.authorityKey) },
    leaf: sound ? { ...leaf, key: text(entries.key) } : undefined,
  };
}

/** `data` of the Secret (base64): the inverse of `readStored`, of parts that are there. */
export function writeStored(stored: {
  readonly authorities: readonly { readonly pem: string }[];
  readonly signer: { readonly key: string };
  readonly leaf: { readonly pem: string; readonly key: string };
}): Record<string, string> {
  return {
    [entries.authorities]: base64(bundleOf(stored.authorities)),
    [entries.authorityKey]: base64(stored.signer.key),
    [entries.certificate]: base64(stored.leaf.pem),
    [entries.key]: base64(stored.leaf.key),
  };
}

/** The authorities as one PEM text. */
export function bundleOf(authorities: readonly { readonly pem: string }[]): string {
  return authorities.map(({ pem }) => pem).join('');
}

/** True when the certificate speaks for every one of these names and addresses. */
export function covers({ x509 }: Dated, names: readonly string[]): boolean {
  return names.every((name) => (isIP(name) === 0 ? x509.checkHost(name) : x509.checkIP(name)) !== undefined);
}

export function dated(pem: string): Dated {
  const x509 = new X509Certificate(pem);
  return { pem, x509, notBefore: Date.parse(x509.validFrom), notAfter: Date.parse(x509.validTo) };
}

/** A pair as `dated` sees it. */
export function datedPair({ certificate, key }: KeyPair): Dated & { readonly key: string } {
  return { ...dated(certificate), key };
}

function certificatesIn(text: string): Dated[] {
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  return blocks.flatMap((block) => {
    try {
      return [dated(`${block}\n`)];
    } catch {
      return [];
    }
  });
}

/** Only keys of the kind that is issued here: the API server and the signing code know them. */
function keyIn(text: string): KeyObject | undefined {
  try {
    const key = createPrivateKey(text);
    return key.asymmetricKeyDetails?.namedCurve === 'prime256v1' ? key : undefined;
  } catch {
    return undefined;
  }
}

function signed(authority: X509Certificate, certificate: X509Certificate): boolean {
  return certificate.checkIssued(authority) && certificate.verify(authority.publicKey);
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
