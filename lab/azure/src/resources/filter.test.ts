import { expect, test } from 'vitest';
import { readEquals } from './filter.ts';

const names = ['resourceType', 'name', 'tagName', 'tagValue'];

test.each([
  [
    "resourceType eq 'Microsoft.ContainerRegistry/registries'",
    [['resourceType', 'Microsoft.ContainerRegistry/registries']],
  ],
  [
    "(resourcetype eq 'a') and name eq 'b'",
    [
      ['resourceType', 'a'],
      ['name', 'b'],
    ],
  ],
  [
    "name eq 'salt and pepper' and tagName eq 'it''s'",
    [
      ['name', 'salt and pepper'],
      ['tagName', "it's"],
    ],
  ],
  ['', []],
])('%s is read', (filter, expected) => {
  expect([...readEquals(filter, names)]).toEqual(expected);
});

test.each([
  "name ne 'a'",
  "color eq 'a'",
  'name eq a',
  "name eq 'a' or name eq 'b'",
  "name eq 'a' and name eq 'b'",
  "startswith(name,'a')",
])('%s is refused', (filter) => {
  expect(() => readEquals(filter, names)).toThrow(`Invalid $filter '${filter}'`);
});
