import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../store/store.ts';
import { createRegistryFaults } from './faults.ts';

const host = 'kaitolab.azurecr.io';
const content = Buffer.from('0123456789'.repeat(10));

function planted(body: JsonObject) {
  const faults = createRegistryFaults((registry) => registry === host);
  void faults.routes[0]?.handle({ registry: 'KaitoLab' }, body);
  return faults;
}

const through = (faults: ReturnType<typeof planted>, digest = 'sha256:a') => {
  const chunks = [content.subarray(0, 33), content.subarray(33)];
  const change = faults.blob(host, digest);
  return change === undefined ? undefined : buffer(Readable.from(chunks).compose(change));
};

describe('faults of a registry', () => {
  test('one bit of a blob is turned, once', async () => {
    const faults = planted({ kind: 'corrupt-blob', afterBytes: 40 });
    const changed = await through(faults);
    expect(changed?.length).toBe(content.length);
    expect([...content.keys()].filter((index) => changed?.[index] !== content[index])).toEqual([40]);
    expect(through(faults)).toBeUndefined();
  });

  test('a blob is cut, as often as was asked for', async () => {
    const faults = planted({ kind: 'cut-blob', afterBytes: 40, times: 2, digest: 'sha256:a' });
    expect(through(faults, 'sha256:b')).toBeUndefined();
    await expect(through(faults)).rejects.toThrow('cut on demand');
    await expect(through(faults)).rejects.toThrow('cut on demand');
    expect(through(faults)).toBeUndefined();
  });

  test('requests are throttled until the fault is taken back', () => {
    const faults = planted({ kind: 'throttle', times: 5, seconds: 7 });
    expect(faults.throttled(host)).toBe(7);
    void faults.routes[1]?.handle({ registry: host }, {});
    expect(faults.throttled(host)).toBeUndefined();
  });

  test.each<[string, JsonObject, string]>([
    [host, { kind: 'melt' }, 'InvalidParameter'],
    [host, { kind: 'throttle', afterBytes: 1 }, 'InvalidParameter'],
    [host, { kind: 'cut-blob', times: -1 }, 'InvalidParameter'],
    ['other', { kind: 'throttle' }, 'NotFound'],
  ])('at %s, %j is refused', (registry, body, code) => {
    const faults = createRegistryFaults((known) => known === host);
    expect(() => faults.routes[0]?.handle({ registry }, body)).toThrow(expect.objectContaining({ code }));
  });
});
