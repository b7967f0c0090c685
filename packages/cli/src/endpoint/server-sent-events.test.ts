import { array, assert, asyncProperty, constantFrom, nat, string } from 'fast-check';
import { expect, test } from 'vitest';
import { eventData } from './server-sent-events.ts';

async function* pieces(bytes: Uint8Array, cuts: readonly number[]): AsyncGenerator<Uint8Array> {
  const places = [...new Set([0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length])].toSorted(
    (a, b) => a - b,
  );
  for (const [index, start] of places.entries()) yield bytes.subarray(start, places[index + 1] ?? start);
}

async function read(text: string, cuts: readonly number[] = []): Promise<string[]> {
  const found: string[] = [];
  for await (const data of eventData(pieces(new TextEncoder().encode(text), cuts))) found.push(data);
  return found;
}

test('data lines of one event are joined; comments and other fields are left out', async () => {
  expect(await read(': hello\nevent: x\ndata: a\ndata:b\n\ndata:  c\n\n')).toEqual(['a\nb', ' c']);
});

test('every kind of line end is understood', async () => {
  expect(await read('data: a\r\n\r\ndata: b\r\rdata: c\n\n')).toEqual(['a', 'b', 'c']);
});

test('an event cut off by the end is dropped', async () => {
  expect(await read('data: a\n\ndata: b\n')).toEqual(['a']);
});

test('it does not matter where the body is cut', async () => {
  await assert(
    asyncProperty(
      array(string({ unit: 'grapheme' }).map((text) => text.replaceAll(/[\r\n]/g, ''))),
      constantFrom('\n', '\r\n', '\r'),
      array(nat()),
      async (texts, end, cuts) => {
        const body = texts.map((text) => `data: ${text}${end}${end}`).join('');
        expect(await read(body, cuts)).toEqual(texts);
      },
    ),
  );
});
