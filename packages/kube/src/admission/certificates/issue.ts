import { createPrivateKey, KeyObject, randomBytes, webcrypto } from 'node:crypto';
import type { JsonGeneralName, X509CertificateCreateParams } from '@peculiar/x509';
import type { KeyPair } from './serving-certificate.ts';

/** For whom a certificate speaks, and how long. */
export interface LeafRequest {
  readonly dnsNames: readonly string[];
  readonly ipAddresses: readonly string[];
  readonly notBefore: Date;
  readonly notAfter: Date;
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

/** The library costs 20 MiB and a tenth of a second, which only a process pays that has something to issue. */
async function library() {
  await import('reflect-metadata');
  return await import('@peculiar/x509');
}

function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
}

/** A certificate authority of its own: ECDSA P-256, for signing certificates only, of servers only one level below it. */
export async function issueAuthority(name: string, notBefore: Date, notAfter: Date): Promise<KeyPair> {
  const x509 = await library();
  const keys = await newKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: [{ CN: [name] }],
    serialNumber: serialNumber(),
    notBefore,
    notAfter,
    keys,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.digitalSignature, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificate: pem(certificate.toString('pem')), key: privateKey(keys) };
}

/** A server's certificate, signed by an authority of `issueAuthority`. */
export async function issueLeaf(authority: KeyPair, request: LeafRequest): Promise<KeyPair> {
  const x509 = await library();
  const keys = await newKeys();
  const issuer = new x509.X509Certificate(authority.certificate);
  const names: JsonGeneralName[] = [
    ...request.dnsNames.map((value) => ({ type: 'dns', value }) as const),
    ...request.ipAddresses.map((value) => ({ type: 'ip', value }) as const),
  ];
  const params: X509CertificateCreateParams = {
    // Without a name in the subject Go demands the extension to be critical; a CN may have 64 characters at most.
    subject: [{ CN: [(request.dnsNames[0] ?? request.ipAddresses[0] ?? 'webhook').slice(0, 64)] }],
    issuer: issuer.subjectName.toJSON(),
    serialNumber: serialNumber(),
    notBefore: request.notBefore,
    notAfter: request.notAfter,
    publicKey: keys.publicKey,
    signingKey: createPrivateKey(authority.key).toCryptoKey(algorithm, false, ['sign']),
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension(names),
      await x509.AuthorityKeyIdentifierExtension.create(issuer),
    ],
  };
  const certificate = await x509.X509CertificateGenerator.create(params);
  return { certificate: pem(certificate.toString('pem')), key: privateKey(keys) };
}

/** 126 random bits behind a one, so that it is positive and at most 20 octets long (RFC 5280, 4.1.2.2). */
function serialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0] = (bytes[0]! & 0x3f) | 0x40;
  return bytes.toString('hex');
}

function privateKey(keys: webcrypto.CryptoKeyPair): string {
  return KeyObject.from(keys.privateKey).export({ type: 'pkcs8', format: 'pem' }).toString();
}

function pem(text: string): string {
  return text.endsWith('\n') ? text : `${text}\n`;
}
