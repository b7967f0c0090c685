import { expect, test } from 'vitest';
import { AzureError } from '../errors/azure-error.ts';
import { silentLogger } from '../logger.ts';
import { JumpingClock } from '../testing/stub-azure.ts';
import { CachedCredential } from './cached-credential.ts';
import type { AccessToken } from './credential.ts';

const minute = 60_000;

function counting(lifeMs: number) {
  const clock = new JumpingClock();
  const asked: (readonly [audience: string, claims: string | undefined])[] = [];
  let fails = false;
  const credential = new CachedCredential(
    async (audience, claims): Promise<AccessToken> => {
      asked.push([audience, claims]);
      await Promise.resolve();
      if (fails) throw new AzureError('ServerError', { message: 'down', remedy: 'wait', retry: 'soon' });
      return { value: `${audience}-${asked.length}`, expiresAt: clock.now().getTime() + lifeMs };
    },
    { clock, logger: silentLogger },
  );
  return {
    clock,
    asked,
    credential,
    fail: (now: boolean) => {
      fails = now;
    },
    token: async (audience = 'a') => (await credential.token(audience)).value,
    settled: () => new Promise((resolve) => void setImmediate(resolve)),
  };
}

test('a token is kept for its audience', async () => {
  const { token } = counting(60 * minute);
  expect([await token(), await token('b'), await token(), await token('b')]).toEqual(['a-1', 'b-2', 'a-1', 'b-2']);
});

test('those who come at once share one request', async () => {
  const { token, asked } = counting(60 * minute);
  expect(new Set(await Promise.all([token(), token(), token()])).size).toBe(1);
  expect(asked).toHaveLength(1);
});

test('five minutes before its end a token is renewed, while the old one is handed out', async () => {
  const { token, clock, settled } = counting(60 * minute);
  await token();
  clock.pass(55 * minute - 1);
  expect(await token()).toBe('a-1');
  clock.pass(1);
  expect(await Promise.all([token(), token()])).toEqual(['a-1', 'a-1']);
  await settled();
  expect(await token()).toBe('a-2');
});

test('a token of short life is not renewed before half of it', async () => {
  const { token, clock, asked, settled } = counting(4 * minute);
  await token();
  clock.pass(2 * minute - 1);
  await token();
  await settled();
  expect(asked).toHaveLength(1);
});

test('a renewal that fails leaves the old token while it lives, and is tried again after half a minute', async () => {
  const { token, clock, asked, fail, settled } = counting(60 * minute);
  await token();
  fail(true);
  clock.pass(56 * minute);
  expect(await token()).toBe('a-1');
  await settled();
  expect(await token()).toBe('a-1');
  expect(asked).toHaveLength(2);
  clock.pass(minute / 2);
  expect(await token()).toBe('a-1');
  await settled();
  expect(asked).toHaveLength(3);
  clock.pass(4 * minute);
  await expect(token()).rejects.toMatchObject({ code: 'ServerError' });
  fail(false);
  expect(await token()).toBe('a-5');
});

test('a token that was refused is not handed out again; one that came since is', async () => {
  const { credential, asked } = counting(60 * minute);
  const first = await credential.token('a');
  const second = await credential.token('a', { insteadOf: first, claims: '{}' });
  expect(asked).toEqual([
    ['a', undefined],
    ['a', '{}'],
  ]);
  expect(await credential.token('a', { insteadOf: first })).toBe(second);
});

test('who aborts stops waiting; the others get the token', async () => {
  const { credential } = counting(60 * minute);
  const stop = new AbortController();
  const one = credential.token('a', { signal: stop.signal });
  const other = credential.token('a');
  stop.abort(new Error('enough'));
  await expect(one).rejects.toThrow('enough');
  expect((await other).value).toBe('a-1');
  await expect(credential.token('a', { signal: stop.signal })).rejects.toThrow('enough');
});

test('a token that is dead when it comes is an error', async () => {
  await expect(counting(0).token()).rejects.toMatchObject({ code: 'LoginRefused' });
});
