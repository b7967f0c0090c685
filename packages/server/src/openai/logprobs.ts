import type { GenerateEvent, TokenLogprob } from '../engine/engine.ts';

type TokenEvent = Extract<GenerateEvent, { type: 'token' }>;

const ofChat = ({ token, logprob, bytes }: TokenLogprob) => ({ token, logprob, bytes });

/** `logprobs` of a chat choice. */
export function chatLogprobs(events: readonly TokenEvent[]): object {
  return {
    content: events
      .filter((event) => event.logprob !== undefined)
      .map((event) => ({ ...ofChat(event.logprob!), top_logprobs: (event.alternatives ?? []).map(ofChat) })),
    refusal: null,
  };
}

/** `logprobs` of a completion choice. `offset`: characters of the answer before these tokens. */
export function completionLogprobs(events: readonly TokenEvent[], offset: number): object {
  const known = events.filter((event) => event.logprob !== undefined);
  let at = offset;
  const offsets = known.map((event) => {
    const here = at;
    at += event.text.length;
    return here;
  });
  return {
    tokens: known.map((event) => event.logprob!.token),
    token_logprobs: known.map((event) => event.logprob!.logprob),
    top_logprobs: known.map((event) =>
      Object.fromEntries((event.alternatives ?? []).map((each) => [each.token, each.logprob])),
    ),
    text_offset: offsets,
  };
}
