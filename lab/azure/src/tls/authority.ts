import { KeyObject, createPrivateKey, randomBytes, webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';
import type { Clock } from '@kaito/kube';
import type { Table } from '../store/store.ts';

/** A certificate and its private key, PEM. */
export interface KeyPair {
  readonly certificate: string;
  readonly key: string;
}

/** The authority that signs the emulator's certificates. */
export interface CertificateAuthority {
  /** Its own certificate, PEM. */
  readonly certificate: string;
  /** A server certificate for one name or address, made once and then kept while it lives. */
  serverCertificate(host: string): Promise<KeyPair>;
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const day = 86_400_000;
/** Clients' clocks may be late by an hour. */
const backdate = 3_600_000;

/** Opens the authority kept in `table`; makes it where there is none. */
export async function openAuthority(table: Table<KeyPair>, clock: Clock): Promise<CertificateAuthority> {
  const kept = table.get('authority') ?? (await newAuthority(clock));
  table.put('authority', kept);
  const issued = new Map<string, Promise<KeyPair>>();
  return {
    certificate: kept.certificate,
    serverCertificate(host) {
      let pair = issued.get(host);
      if (pair === undefined) {
        pair = newLeaf(kept, host, clock);
        issued.set(host, pair);
      }
      return pair;
    },
  };
}

function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
}

async function newAuthority(clock: Clock): Promise<KeyPair> {
  const keys = await newKeys();
  const now = clock.now().getTime();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: [{ CN: [`Azure emulator ${randomBytes(4).toString('hex')}`] }],
    serialNumber: serialNumber(),
    notBefore: new Date(now - backdate),
    notAfter: new Date(now + 3650 * day),
    keys,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificate: `${certificate.toString('pem')}\n`, key: privateKey(keys) };
}

async function newLeaf(authority: KeyPair, host: string, clock: Clock): Promise<KeyPair> {
  const keys = await newKeys();
  const issuer = new x509.X509Certificate(authority.certificate);
  const now = clock.now().getTime();
  const names = host === 'localhost' ? ['localhost', '127.0.0.1', '::1'] : [host];
  const certificate = await x509.X509CertificateGenerator.create({
    subject: [{ CN: [host.slice(0, 64)] }],
    issuer: issuer.subjectName.toJSON(),
    serialNumber: serialNumber(),
    notBefore: new Date(now - backdate),
    notAfter: new Date(now + 365 * day),
    publicKey: keys.publicKey,
    signingKey: createPrivateKey(authority.key).toCryptoKey(algorithm, false, ['sign']),
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension(
        names.map((value) => ({ type: isIP(value) === 0 ? ('dns' as const) : ('ip' as const), value })),
      ),
      await x509.AuthorityKeyIdentifierExtension.create(issuer),
    ],
  });
  return { certificate: `${certificate.toString('pem')}\n${authority.certificate}`, key: privateKey(keys) };
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
