import { issueAuthority, issueLeaf } from '../certificates/issue.ts';
import type { KeyPair } from '../certificates/serving-certificate.ts';

/** An authority (PEM) and a certificate of it for 127.0.0.1, good for an hour. */
export async function testCertificate(): Promise<{ readonly authorities: string; readonly pair: KeyPair }> {
  const notBefore = new Date(Date.now() - 60_000);
  const notAfter = new Date(Date.now() + 3_600_000);
  const authority = await issueAuthority('test', notBefore, notAfter);
  const pair = await issueLeaf(authority, { dnsNames: [], ipAddresses: ['127.0.0.1'], notBefore, notAfter });
  return { authorities: authority.certificate, pair };
}
