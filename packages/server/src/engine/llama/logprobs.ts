import type { TokenLogprob } from '../engine.ts';
import type { TokenBytes } from './token-bytes.ts';
import type { NativeContext, NativeSampler } from './native.ts';

/**
 * Natural logarithms of the model's own probabilities at one position, before any penalty, bias or sampler: of `token`, and of the `count`
 * likeliest tokens in falling order. `probe` is a sampler at temperature 0 without any setting; it leaves no trace.
 */
export async function readLogprobs(
  context: NativeContext,
  probe: NativeSampler,
  batchIndex: number,
  token: number,
  count: number,
  tokenBytes: TokenBytes,
): Promise<{ readonly chosen: TokenLogprob; readonly alternatives: readonly TokenLogprob[] }> {
  const top = Math.max(1, count);
  const [, , , logits, totalWeight] = await context.sampleToken(
    batchIndex,
    probe,
    false,
    false,
    [[token], false, false, false, top],
    true,
  );
  const largest = logits[1]!;
  const logTotal = Math.log(totalWeight);
  const entry = (tokenId: number, logit: number): TokenLogprob => ({
    ...tokenBytes.describe(tokenId),
    tokenId,
    logprob: Math.min(0, logit - largest - logTotal),
  });
  let chosen: TokenLogprob | undefined;
  const alternatives: TokenLogprob[] = [];
  for (let i = 0; i + 1 < logits.length; i += 2) {
    const tokenId = logits[i]!;
    if (tokenId === token) chosen ??= entry(tokenId, logits[i + 1]!);
    if (i / 2 < count) alternatives.push(entry(tokenId, logits[i + 1]!));
  }
  if (chosen === undefined) throw new Error(`token ${token} is missing among the logits`);
  return { chosen, alternatives };
}
