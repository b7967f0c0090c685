import { expect, test } from 'vitest';
import { styleFor } from './style.ts';
import { fields, table } from './table.ts';

const rows = [
  { name: 'a', size: '7', note: '' },
  { name: 'longer', size: '1234', note: 'x' },
];
const columns = [
  { header: 'NAME', value: (row: (typeof rows)[number]) => row.name },
  { header: 'SIZE', value: (row: (typeof rows)[number]) => row.size, align: 'right' as const },
  { header: 'NOTE', value: (row: (typeof rows)[number]) => row.note },
];

test('columns are as wide as their widest cell, figures stand right, no blanks trail', () => {
  expect(table(rows, columns)).toBe('NAME     SIZE   NOTE\na           7\nlonger   1234   x\n');
});

test('colour does not count for the width', () => {
  const { red } = styleFor(true);
  const plain = table(rows, columns);
  const coloured = table(rows, [{ header: 'NAME', value: (row) => red(row.name) }, ...columns.slice(1)]);
  // oxlint-disable-next-line no-control-regex -- takes the colours away
  expect(coloured.replaceAll(/\u001B\[\d+m/g, '')).toBe(plain);
});

test('fields line up, leave out what is absent, and hang further lines', () => {
  const text = fields([
    ['A', '1'],
    ['Long', 'x\ny'],
    ['None', undefined],
  ]);
  expect(text).toBe('A:     1\nLong:  x\n       y\n');
});
