import { describe, expect, it } from 'vitest';
import { jsonSchemaGrammar } from './json-schema.ts';

describe('jsonSchemaGrammar', () => {
  it.each([
    [{ type: 'string', pattern: '^a+$' }, '#/pattern'],
    [{ type: 'object', properties: { a: { type: 'string', format: 'hostname' } } }, '#/properties/a/format'],
    [{ type: 'object', patternProperties: {} }, '#/patternProperties'],
    [{ type: 'array', uniqueItems: true }, '#/uniqueItems'],
    [{ type: 'number', minimum: 1 }, '#'],
    [{ type: 'integer', minimum: 3, maximum: 2 }, '#'],
    [{ allOf: [{ type: 'object' }, { type: 'object' }] }, '#/allOf'],
    [{ type: 'object', properties: {}, additionalProperties: false, required: ['x'] }, '#/required'],
    [{ $ref: '#/$defs/none' }, '#/$ref'],
    [{ $ref: 'https://example.com/schema' }, '#/$ref'],
    [{ type: 'text' }, '#/type'],
    [{ enum: [] }, '#/enum'],
    [{ type: 'string', enum: [1, 2] }, '#/enum'],
    [{ type: 'string', minLength: 5, maxLength: 2 }, '#'],
    [{ properties: { a: false } }, '#/properties/a'],
    [false, '#'],
  ])('refuses %j and says where', (schema, at) => {
    expect(() => jsonSchemaGrammar(schema)).toThrow(
      expect.objectContaining({ code: 'InvalidGrammar', message: expect.stringContaining(`used: ${at} `) as string }),
    );
  });

  it('lets annotations be', () => {
    const plain = { type: 'object', properties: { a: { type: 'string' } } };
    const annotated = {
      ...plain,
      title: 'T',
      description: 'D',
      $schema: 'https://json-schema.org/draft/2020-12/schema',
    };
    expect(jsonSchemaGrammar(annotated)).toBe(jsonSchemaGrammar(plain));
  });

  it('writes a recursive schema as a recursive rule', () => {
    const grammar = jsonSchemaGrammar({
      $ref: '#/$defs/tree',
      $defs: {
        tree: {
          type: 'object',
          properties: { left: { $ref: '#/$defs/tree' }, name: { type: 'string' } },
          required: ['name'],
        },
      },
    });
    expect(grammar).toContain('root ::= r0\n');
    expect(grammar).toMatch(/ws ":" ws r0\n/);
  });
});
