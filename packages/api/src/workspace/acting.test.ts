import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { acting } from './acting.ts';
import { rowOf } from './fields-page.ts';
import { leaves } from './leaves.ts';
import { workspaceStructure } from './schema.ts';

const fields = leaves(workspaceStructure).map(({ field }) => field);

test('every leaf of the schema has exactly one row', () => {
  for (const field of fields) {
    const rows = acting.filter(
      (row) => field === row.field || field.startsWith(`${row.field}.`) || field.startsWith(`${row.field}[]`),
    );
    expect([field, rows.map((row) => row.field)]).toEqual([field, [rowOf(field)?.field]]);
  }
});

test('every row is of a field that the schema has', () => {
  for (const { field } of acting) {
    expect(fields.some((leaf) => leaf === field || leaf.startsWith(`${field}.`) || leaf.startsWith(`${field}[]`))).toBe(
      true,
    );
  }
});

describe.each(acting.map((row) => [row.field, row] as const))('%s', (field, row) => {
  test('is acted on, as a test shows that names it, or refused with a remedy', () => {
    if ('notSupported' in row) {
      expect(row.notSupported.reason).toMatch(/^[a-z].*[^.]$/);
      expect(row.notSupported.remedy).toMatch(/\.$/);
      return;
    }
    expect(row.actors.length).toBeGreaterThan(0);
    const url = new URL(`../../../../${row.test}`, import.meta.url);
    expect(existsSync(url)).toBe(true);
    expect(readFileSync(url, 'utf8')).toContain(field.split('.').at(-1)!.replace('[]', ''));
  });
});
