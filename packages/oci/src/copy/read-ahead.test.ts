import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { digestOf } from '../digest.ts';
import { parseReference } from '../reference.ts';
import { RegistryClient } from '../registry.ts';
import { startWritableRegistry } from '../testing/writable-registry.ts';
import { bytesSource } from '../upload/blob-source.ts';
import { Permits } from './permits.ts';
import { readAhead } from './read-ahead.ts';

it('reads by ranges on spare connections while the source is what is waited for, and gives them back', async () => {
  const bytes = randomBytes(90 * 1024 ** 2);
  const blob = { digest: digestOf(bytes), size: bytes.length };
  await using registry = await startWritableRegistry();
  // The clock is asked before and after each piece is waited for: waiting takes ten times as long as using it.
  let asked = 0;
  let time = 0;
  const now = () => (time += (asked += 1) % 2 === 0 ? 10 : 1);
  const timing = { now, sleep: async () => {}, random: () => 0 };
  const client = new RegistryClient({ timing });
  const reference = parseReference(`${registry.host}/m`);
  await client.pushBlob(reference, blob, bytesSource(bytes));
  const spare = new Permits(3);
  let at = 0;
  const before = registry.requests.length;
  for await (const chunk of readAhead(client.blobReading(reference, blob), 0, spare)) {
    if (!chunk.equals(bytes.subarray(at, at + chunk.length))) throw new Error(`other bytes at ${at}`);
    at += chunk.length;
  }
  expect(at).toBe(bytes.length);
  expect(spare.free).toBe(3);
  expect(registry.requests.length - before).toBeGreaterThan(3);
});
