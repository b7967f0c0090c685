import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StopMatcher } from './stop-matcher.ts';

/** What a reader of the whole text would cut: before the stop string that is complete first, the longest of those. */
function cut(text: string, stops: readonly string[]): { text: string; stopped: boolean } {
  for (let end = 1; end <= text.length; end++) {
    const ending = stops.filter((stop) => stop !== '' && text.slice(0, end).endsWith(stop));
    if (ending.length > 0)
      return { text: text.slice(0, end - Math.max(...ending.map((stop) => stop.length))), stopped: true };
  }
  return { text, stopped: false };
}

function feed(pieces: readonly string[], stops: readonly string[]): { text: string; stopped: boolean } {
  const matcher = new StopMatcher(stops);
  let text = '';
  for (const piece of pieces) {
    const result = matcher.push(piece);
    text += result.text;
    if (result.stopped) return { text, stopped: true };
  }
  return { text: text + matcher.flush(), stopped: false };
}

const letters = (maxLength: number) => fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength });

describe('StopMatcher', () => {
  it('cuts alike however the text is split', () => {
    fc.assert(
      fc.property(fc.array(letters(4)), fc.array(letters(4), { maxLength: 3 }), (pieces, stops) => {
        expect(feed(pieces, stops)).toEqual(cut(pieces.join(''), stops));
      }),
      { numRuns: 1000 },
    );
  });

  it('holds back no more than could become a stop string', () => {
    const matcher = new StopMatcher(['\nUser:']);
    expect(matcher.push('Hello\nUs')).toEqual({ text: 'Hello', stopped: false });
    expect(matcher.holding).toBe(true);
    expect(matcher.push('eful')).toEqual({ text: '\nUseful', stopped: false });
    expect(matcher.holding).toBe(false);
  });
});
