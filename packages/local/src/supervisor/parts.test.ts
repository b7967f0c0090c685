import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anEchoPlan } from '../testing/factories.ts';
import { choosePort } from './port.ts';
import { afterExit } from './restart.ts';
import { serverCommand } from './server-command.ts';
import { parseServerEvent } from './server-events.ts';
import { maxQuickCrashes } from './timing.ts';
import { getWeights, weightsFault } from './weights.ts';

const busy =
  (taken: readonly number[], code = 'EADDRINUSE') =>
  async (_: string, port: number) =>
    taken.includes(port) ? code : undefined;

describe('the port', () => {
  test.each([
    ['prefers 5000', undefined, undefined, [], { port: 5000 }],
    [
      'takes the next free one and says so',
      undefined,
      undefined,
      [5000, 5001],
      { port: 5002, note: expect.stringContaining('5000 is taken') },
    ],
    ['stays where it was', undefined, 5007, [5000], { port: 5007 }],
    ['is the one that was asked for', 8080, 5000, [], { port: 8080 }],
    [
      'is never another than the one that was asked for',
      8080,
      undefined,
      [8080],
      { taken: 8080, reason: 'EADDRINUSE' },
    ],
    ['is any where 0 was asked for', 0, undefined, [], { port: 0 }],
    ['stays where it was, where 0 was asked for', 0, 40_000, [], { port: 40_000 }],
    ['is any other where that was lost', 0, 40_000, [40_000], { port: 0 }],
  ] as const)('%s', async (_, asked, last, taken, expected) => {
    expect(await choosePort('127.0.0.1', asked, last, busy(taken))).toEqual(expected);
  });

  test('is said to be forbidden, or the address to be elsewhere', async () => {
    expect(await choosePort('h', 80, undefined, busy([80], 'EACCES'))).toEqual({ taken: 80, reason: 'EACCES' });
    expect(await choosePort('h', undefined, undefined, busy([5000], 'EADDRNOTAVAIL'))).toMatchObject({
      reason: 'EADDRNOTAVAIL',
    });
  });
});

describe('after an exit', () => {
  test.each([2, 3])('code %i is never tried again', (code) => {
    expect(afterExit({ code }, 0, true, true)).toEqual({ action: 'give-up' });
  });
  test('a lost port is chosen anew where the choice was ours', () => {
    expect(afterExit({ code: 4 }, 0, false, true)).toEqual({ action: 'next-port' });
    expect(afterExit({ code: 4 }, 0, false, false)).toEqual({ action: 'give-up' });
  });
  test('crashes are answered with growing pauses, then no more; a healthy run begins anew', () => {
    const pauses: number[] = [];
    let crashes = 0;
    for (;;) {
      const decision = afterExit({ code: 70 }, crashes, false, true);
      if (decision.action !== 'restart') break;
      pauses.push(decision.delayMs);
      crashes = decision.quickCrashes;
    }
    expect(pauses).toEqual([500, 1000, 2000, 4000, 8000]);
    expect(afterExit({ code: null }, maxQuickCrashes, true, true)).toEqual({
      action: 'restart',
      delayMs: 500,
      quickCrashes: 1,
    });
  });
});

test('the command line is the program, the flags of the Plan, and what only this machine knows', () => {
  const plan = anEchoPlan({ flags: ['--parallel', '2'] });
  const settings = { host: '::1', cacheDirectory: '/c', serverCommand: ['serve'], apiKeyFile: '/key' };
  const adapters = [{ name: 'tone', path: '/c/a=b.gguf', strength: 0.5 }];
  expect(serverCommand(plan, settings, { modelPath: '/c/m.gguf', adapters, port: 5001 }).join(' ')).toBe(
    'serve --engine echo --api text-generation --parallel 2 --model /c/m.gguf --model-id echo --lora /c/a=b.gguf=0.5 --adapter-name tone --api-key-file /key --host ::1 --port 5001',
  );
});

test('events are read, and nothing else is taken for one', () => {
  expect(parseServerEvent('{"event":"listening","url":"http://h:1","port":1}')).toEqual({
    event: 'listening',
    url: 'http://h:1',
  });
  expect(parseServerEvent('{"event":"readiness","state":"ready"}')).toEqual({ event: 'readiness', state: 'ready' });
  expect(parseServerEvent('{"event":"fault","code":"A","message":"b","remedy":"c"}')).toEqual({
    event: 'fault',
    code: 'A',
    message: 'b',
    remedy: 'c',
  });
  for (const line of [
    '',
    '{',
    'text',
    '[]',
    '{"event":"readiness","state":"odd"}',
    '{"event":"listening"}',
    '{"event":null}',
  ]) {
    expect(parseServerEvent(line)).toBeUndefined();
  }
  fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (line) => parseServerEvent(line) === undefined));
});

const failing = (code: string, extra: object = {}) =>
  Object.assign(new Error('It\n  failed.'), { code, remedy: 'Mend it.', ...extra });

describe('the weights', () => {
  const request = { name: 'm/q', sources: [] };
  const attempt = async (errors: readonly Error[]) => {
    const left = [...errors];
    const faults: unknown[] = [];
    const pauses: number[] = [];
    const result = await getWeights(request, {
      fetchWeights: async (_, { onProgress }) => {
        const error = left.shift();
        if (error !== undefined) throw error;
        onProgress?.({ source: 'https', step: 'download', doneBytes: 1 });
        return { path: '/m', digest: 'd', bytes: 1, source: 'https' };
      },
      cacheDirectory: '/c',
      signal: new AbortController().signal,
      now: () => new Date(0),
      sleep: async (ms) => void pauses.push(ms),
      onProgress: () => {},
      onFault: (fault) => faults.push(fault?.kind),
    });
    return { result, faults, pauses };
  };

  test('are tried again while the failure may pass', async () => {
    expect(await attempt([failing('NetworkUnreachable'), failing('ServerError')])).toMatchObject({
      result: { path: '/m' },
      faults: ['transient', 'transient', undefined, undefined],
      pauses: [1000, 2000],
    });
  });
  test('are given up after four attempts, or at once where a person must act', async () => {
    const network = failing('NetworkUnreachable');
    expect(await attempt([network, network, network, network])).toMatchObject({
      result: undefined,
      faults: ['transient', 'transient', 'transient', 'terminal'],
    });
    expect(await attempt([failing('DigestMismatch')])).toMatchObject({
      result: undefined,
      faults: ['terminal'],
      pauses: [],
    });
  });
  test('fail in one sentence; several sources may pass where one of them may', () => {
    expect(weightsFault(failing('NoSpace'), new Date(0))).toEqual({
      code: 'NoSpace',
      message: 'It failed',
      remedy: 'Mend it',
      kind: 'terminal',
      at: '1970-01-01T00:00:00.000Z',
    });
    const several = failing('NoSourceWorked', { attempts: [{ code: 'NotFound' }, { code: 'NetworkUnreachable' }] });
    expect(weightsFault(several, new Date(0)).kind).toBe('transient');
    expect(weightsFault('odd', new Date(0))).toMatchObject({ code: 'WeightsFailed', message: 'odd', kind: 'terminal' });
  });
});
