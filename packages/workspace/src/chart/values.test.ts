import { readFileSync } from 'node:fs';
import { parseDocuments } from '@kaito/api';
import { Ajv } from 'ajv';
import { expect, test } from 'vitest';
import { chart } from './testing/helm.ts';

interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: boolean | Schema;
  readonly definitions?: Readonly<Record<string, Schema>>;
}

const text = readFileSync(`${chart}/values.yaml`, 'utf8');
const values = parseDocuments(text).documents[0]!.object as Readonly<Record<string, unknown>>;
const root = JSON.parse(readFileSync(`${chart}/values.schema.json`, 'utf8')) as Schema;

function resolved(schema: Schema): Schema {
  return schema.$ref === undefined ? schema : resolved(root.definitions![schema.$ref.replace('#/definitions/', '')]!);
}

/** Paths of the values that the schema names; where it leaves the keys to people, the path of the map. */
function inSchema(schema: Schema, path = ''): readonly string[] {
  const { properties } = resolved(schema);
  if (properties === undefined || path.endsWith('Selector')) return [path];
  return Object.entries(properties).flatMap(([key, each]) => inSchema(each, path === '' ? key : `${path}.${key}`));
}

/** Paths of the values that have a default. */
function inValues(value: unknown, path = ''): readonly string[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || Object.keys(value).length === 0)
    return [path];
  return Object.entries(value).flatMap(([key, each]) => inValues(each, path === '' ? key : `${path}.${key}`));
}

test('every value has a default and a place in the schema', () => {
  const own = inSchema(root).filter((path) => path !== 'global' && !/resources\./.test(path));
  expect(
    inValues(values)
      .filter((path) => !/resources\./.test(path))
      .toSorted(),
  ).toEqual(own.toSorted());
});

test('the defaults are as the schema wants them', () => {
  const validate = new Ajv({ allowUnionTypes: true }).compile(root);
  validate(values);
  expect(validate.errors ?? []).toEqual([]);
});

test('the schema refuses what it does not know, everywhere', () => {
  const open = (schema: Schema, path: string): readonly string[] => {
    const { type, properties, additionalProperties } = schema;
    const own = type === 'object' && path !== '.global' && additionalProperties === undefined ? [path] : [];
    return [...own, ...Object.entries(properties ?? {}).flatMap(([key, each]) => open(each, `${path}.${key}`))];
  };
  const all = Object.entries(root.definitions ?? {}).flatMap(([name, schema]) => open(schema, name));
  expect([...open(root, ''), ...all]).toEqual([]);
});
