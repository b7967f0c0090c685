import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { maxManifestBytes, parseDocuments } from './documents.ts';

test('reads several documents and leaves empty ones out', () => {
  const { documents, findings } = parseDocuments('---\n---\nkind: A\n...\n---\nkind: B\nx: [1]\n---\n# nothing\n');
  expect(findings).toEqual([]);
  expect(documents.map(({ kind, object }) => [kind, object])).toEqual([
    ['A', { kind: 'A' }],
    ['B', { kind: 'B', x: [1] }],
  ]);
});

test('reads JSON, indented with tabs too', () => {
  const object = { kind: 'A', list: [1, 'two\tthree', { four: null }] };
  const { documents, findings } = parseDocuments(JSON.stringify(object, null, '\t'));
  expect(findings).toEqual([]);
  expect(documents[0]?.object).toEqual(object);
  expect(documents[0]?.locate('list[2].four')).toEqual({ line: 7, column: 4 });
});

test('reads scalars as kubectl does', () => {
  // The right side is what sigs.k8s.io/yaml 1.6.0 makes of the left.
  const { documents } = parseDocuments(
    'a: y\nb: Off\nc: Yes\nd: oN\ne: "yes"\nf: 010\ng: 1_000\nh: 0x1F\ni: 1:30\nj: 2024-01-01\nk: ~\nl: 0o10\nm: 0b11\no: +1\np: 12e03\nq: -010\nr: 0\n',
  );
  expect(documents[0]?.object).toEqual({
    a: true,
    b: false,
    c: true,
    d: 'oN',
    e: 'yes',
    f: 8,
    g: 1000,
    h: 31,
    i: '1:30',
    j: '2024-01-01',
    k: null,
    l: 8,
    m: 3,
    o: 1,
    p: 12000,
    q: -8,
    r: 0,
  });
});

test('reads aliases and merge keys', () => {
  const { documents, findings } = parseDocuments('base: &b {x: 1}\nuse:\n  <<: *b\n  z: 2\nagain: *b\n');
  expect(findings).toEqual([]);
  expect(documents[0]?.object).toEqual({ base: { x: 1 }, use: { x: 1, z: 2 }, again: { x: 1 } });
});

test('says where fields are: the key, the item, or the nearest that is there', () => {
  const [document] = parseDocuments(
    'a:\n  b:\n    - x: 1\n    - "k.l/m": 2\nc: &anchor {d: 3}\ne: *anchor\n',
  ).documents;
  expect(document?.locate('a.b')).toEqual({ line: 2, column: 3 });
  expect(document?.locate(['a', 'b', 1])).toEqual({ line: 4, column: 7 });
  expect(document?.locate('a.b[1]["k.l/m"]')).toEqual({ line: 4, column: 7 });
  expect(document?.locate('a.b[7].x')).toEqual({ line: 2, column: 3 });
  expect(document?.locate('e.d')).toEqual({ line: 5, column: 13 });
  expect(document?.locate('')).toEqual({ line: 1, column: 1 });
});

describe('bad text', () => {
  test.each([
    ['a tab', 'a:\n\tb: 1\n', 2, 1, 'A tab is used as indentation.', 'Indent with spaces.'],
    ['a key twice', 'a: 1\nb: 2\na: 3\n', 3, 1, 'The key a is given twice in one map.', 'Keep one of them.'],
    [
      'two colons',
      'a: b: c\n',
      1,
      4,
      'There is a second ": " on one line.',
      'Put the value in quotes, or break the line.',
    ],
  ])('%s', (_, text, line, column, message, remedy) => {
    const { documents, findings } = parseDocuments(text, { file: 'w.yaml' });
    expect(documents).toEqual([]);
    expect(findings).toEqual([
      { code: 'InvalidYAML', severity: 'error', message, remedy, file: 'w.yaml', line, column },
    ]);
  });

  test.each([
    ['an open quote', 'a: "x'],
    ['an open bracket', 'a: [1, 2'],
    ['an unknown alias', 'a: *nobody'],
    ['an alias to itself', 'a: &x [*x]'],
    ['deep nesting', '['.repeat(50_000)],
    ['nesting just too deep', '{"a":'.repeat(150) + '1' + '}'.repeat(150)],
    [
      'a chain of aliases that is deep',
      Array.from(
        { length: 20 },
        (_, i) => `a${i}: &a${i} ${'['.repeat(10)}${i === 0 ? '1' : `*a${i - 1}`}${']'.repeat(10)}`,
      ).join('\n'),
    ],
    [
      'a billion laughs',
      Array.from(
        { length: 12 },
        (_, i) => `a${i}: &a${i} [${Array.from({ length: 10 }, () => (i === 0 ? 'ha' : `*a${i - 1}`)).join(', ')}]`,
      ).join('\n'),
    ],
  ])('%s is one finding', (_, text) => {
    const { documents, findings } = parseDocuments(text);
    expect(documents).toEqual([]);
    expect(findings.map(({ code }) => code)).toEqual(['InvalidYAML']);
    expect(findings[0]?.line).toBeGreaterThanOrEqual(1);
    expect(findings[0]?.column).toBeGreaterThanOrEqual(1);
    expect(findings[0]?.remedy).toBeTruthy();
  });

  test('the documents around a broken one are read', () => {
    const { documents, findings } = parseDocuments('kind: A\n---\na: "x\n---\nkind: B\n');
    expect(findings.length).toBeGreaterThan(0);
    expect(documents.map(({ kind }) => kind)).toContain('A');
  });

  test('more than 1 MiB is not read', () => {
    expect(parseDocuments('#'.repeat(maxManifestBytes)).findings).toEqual([]);
    expect(parseDocuments('é'.repeat(maxManifestBytes / 2 + 1)).findings.map(({ code }) => code)).toEqual(['TooLarge']);
  });

  test('a thousand errors are told as a few', () => {
    const { findings } = parseDocuments(Array.from({ length: 1000 }, () => 'a: "\n---').join('\n'));
    expect(findings.length).toBeGreaterThan(0);
    expect(findings.length).toBeLessThanOrEqual(20);
  });
});

test('never throws, and every finding has a place in the text', () => {
  const fragment = fc.constantFrom(
    'a: ',
    '- ',
    '  ',
    '\n',
    '\t',
    '{',
    '}',
    '[',
    ']',
    '"',
    "'",
    '&x ',
    '*x',
    '<<: ',
    '!t ',
    '|',
    '>',
    '? ',
    ': ',
    '#',
    '---\n',
    '...\n',
    '%YAML 1.1\n',
    '\u0000',
    '\uFEFF',
    'é',
    'kind: Workspace\n',
    '1',
    '\r\n',
  );
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(fragment, { maxLength: 60 }).map((parts) => parts.join('')),
    fc.json(),
  );
  fc.assert(
    fc.property(text, (text) => {
      const { documents, findings } = parseDocuments(text);
      const lines = text.split('\n').length;
      for (const { line = 0, column = 0 } of findings) {
        expect(line).toBeGreaterThanOrEqual(1);
        expect(line).toBeLessThanOrEqual(lines);
        expect(column).toBeGreaterThanOrEqual(1);
      }
      for (const { locate } of documents) expect(locate('a[0].b').line).toBeLessThanOrEqual(lines);
    }),
    { numRuns: 2000 },
  );
});

test('what JSON.parse reads is read the same', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 4, noUnicodeString: false }), (value) => {
      fc.pre(value !== null);
      const text = JSON.stringify(value);
      expect(parseDocuments(text).documents.map(({ object }) => object)).toEqual([JSON.parse(text)]);
    }),
    { numRuns: 500 },
  );
});
