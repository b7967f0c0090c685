import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatReference, parseReference } from './reference.ts';

const hex = 'a'.repeat(64);

describe('parseReference', () => {
  it.each([
    ['alpine', { registry: 'docker.io', repository: 'library/alpine', tag: 'latest' }],
    ['ai/smollm2:135M-Q4_0', { registry: 'docker.io', repository: 'ai/smollm2', tag: '135M-Q4_0' }],
    ['index.docker.io/ai/x', { registry: 'docker.io', repository: 'ai/x', tag: 'latest' }],
    ['localhost/x:1', { registry: 'localhost', repository: 'x', tag: '1' }],
    ['localhost:5000/a/b', { registry: 'localhost:5000', repository: 'a/b', tag: 'latest' }],
    ['[::1]:5000/a:1', { registry: '[::1]:5000', repository: 'a', tag: '1' }],
    [
      'mcr.microsoft.com/aks/kaito/kaito-phi-3-mini:0.2',
      { registry: 'mcr.microsoft.com', repository: 'aks/kaito/kaito-phi-3-mini', tag: '0.2' },
    ],
    [`ghcr.io/a/b@sha256:${hex}`, { registry: 'ghcr.io', repository: 'a/b', digest: `sha256:${hex}` }],
    [`ghcr.io/a/b:v1@sha256:${hex}`, { registry: 'ghcr.io', repository: 'a/b', tag: 'v1', digest: `sha256:${hex}` }],
    ['oci://ghcr.io/a/b:v1', { registry: 'ghcr.io', repository: 'a/b', tag: 'v1' }],
  ])('reads %s', (text, reference) => expect(parseReference(text)).toEqual(reference));

  it.each([
    '',
    ':',
    '@',
    'a:',
    'a@',
    'UPPER',
    'ghcr.io/Upper/x',
    'a b',
    'ghcr.io/',
    '/x',
    'a//b',
    'a/b:t:u',
    'a@sha256:12',
    `a@sha256:${hex}@sha256:${hex}`,
    'ghcr.io/../x',
    'https://ghcr.io/a',
    'host:99999999/a',
    `a:${'t'.repeat(129)}`,
    `${'a'.repeat(250)}/b`,
  ])('refuses %j', (text) => {
    expect(() => parseReference(text)).toThrow(expect.objectContaining({ code: 'InvalidReference' }));
  });

  const lower = 'abcdefghijklmnopqrstuvwxyz0123456789'.split('');
  const word = fc.string({ unit: fc.constantFrom(...lower), minLength: 1, maxLength: 8 });
  const component = fc
    .tuple(word, fc.array(fc.tuple(fc.constantFrom('.', '_', '__', '-', '--'), word), { maxLength: 2 }))
    .map(([first, rest]) => first + rest.flat().join(''));
  const registry = fc.oneof(
    fc.constantFrom('docker.io', 'localhost', 'localhost:5000', '127.0.0.1:1', '[::1]:5000'),
    fc
      .tuple(word, word, fc.option(fc.integer({ min: 1, max: 65535 }), { nil: undefined }))
      .map(([a, b, port]) => `${a}.${b}${port === undefined ? '' : `:${port}`}`),
  );
  const tag = fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,20}$/);
  const digest = fc.stringMatching(/^[0-9a-f]{64}$/).map((text) => `sha256:${text}`);

  it('gives back what was formatted', () => {
    fc.assert(
      fc.property(
        registry,
        fc.array(component, { minLength: 2, maxLength: 4 }),
        fc.option(tag),
        fc.option(digest),
        (host, parts, tag, digest) => {
          const reference = {
            registry: host,
            repository: parts.join('/'),
            ...(tag === null ? {} : { tag }),
            ...(digest === null ? {} : { digest }),
            ...(tag === null && digest === null ? { tag: 'latest' } : {}),
          };
          expect(parseReference(formatReference(reference))).toEqual(reference);
        },
      ),
    );
  });

  it('settles after one round for any text it takes, and throws only its own error', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[a-z0-9./:@_-]{1,30}$/)), (text) => {
        let once: string;
        try {
          once = formatReference(parseReference(text));
        } catch (error) {
          expect(error).toMatchObject({ code: 'InvalidReference' });
          return;
        }
        expect(formatReference(parseReference(once))).toBe(once);
      }),
      { numRuns: 2000 },
    );
  });
});
