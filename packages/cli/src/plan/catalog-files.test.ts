import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findMachine, loadCatalog } from '@kaito/catalog';
import { expect, test } from 'vitest';
import { Failure } from '../failure.ts';
import { extended } from './catalog-files.ts';

const sku = (name: string) => ({
  name,
  resourceType: 'virtualMachines',
  locations: ['westus3'],
  restrictions: [],
  capabilities: [
    { name: 'vCPUs', value: '12' },
    { name: 'MemoryGB', value: '96' },
  ],
});

async function withFile<T>(text: string, use: (file: string) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'kaito-catalog-'));
  try {
    const file = join(directory, 'catalog.json');
    await writeFile(file, text);
    return await use(file);
  } finally {
    await rm(directory, { recursive: true });
  }
}

test('learns the sizes of az vm list-skus that the catalog does not have, and leaves the others as they are', async () => {
  const builtIn = loadCatalog();
  const text = JSON.stringify([sku('Standard_D12q_v9'), sku('Standard_D4s_v5')]);
  const { catalog } = await withFile(text, (file) => extended(builtIn, [file]));
  expect(findMachine(catalog, 'Standard_D12q_v9')).toMatchObject({ vcpus: 12, memoryGiB: 96 });
  expect(findMachine(catalog, 'Standard_D4s_v5')).toBe(findMachine(builtIn, 'Standard_D4s_v5'));
});

test('refuses a list that az did not print, naming the file', async () => {
  await withFile('[ not json', async (file) => {
    const refused = await extended(loadCatalog(), [file]).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(Failure);
    expect((refused as Failure).findings).toMatchObject([{ code: 'NotSkuList', file }]);
  });
});
