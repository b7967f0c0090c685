import { expect, test } from 'vitest';
import { findMachine, findModel, loadCatalog } from './catalog.ts';
import { suggestMachine, suggestModel } from './suggest.ts';

const catalog = loadCatalog();

test('names are unique, machines whatever their case', () => {
  const models = catalog.models.flatMap((model) => [model.name, ...(model.aliases ?? [])]);
  const machines = catalog.machines.map((machine) => machine.name.toLowerCase());
  expect(new Set(models).size).toBe(models.length);
  expect(new Set(machines).size).toBe(machines.length);
});

test('preset names are case-sensitive, aliases and machine types are not', () => {
  expect(findModel(catalog, 'mistral-7b-instruct')?.kind).toBe('image');
  expect(findModel(catalog, 'Mistral-7B-Instruct')).toBeUndefined();
  expect(findModel(catalog, 'HuggingFaceTB/SmolLM2-135M-Instruct')?.name).toBe('smollm2-135m-instruct');
  expect(findMachine(catalog, 'standard_nc64AS_t4_v3')?.gpu).toEqual({
    model: 'NVIDIA T4',
    count: 4,
    memoryGiB: 16,
    computeCapability: '7.5',
  });
  expect(findMachine(catalog, 'Standard_Nowhere')).toBeUndefined();
});

test.each([
  ['mistral-7b-instuct', 'mistral-7b-instruct'],
  ['Falcon-7B', 'falcon-7b'],
  ['smollm2-135m', 'smollm2-135m-instruct'],
])('%s suggests %s', (typed, meant) => {
  expect(suggestModel(catalog, typed)).toBe(meant);
});

test('nothing near gives no suggestion', () => {
  expect(suggestModel(catalog, 'gpt-9-turbo-preview')).toBeUndefined();
  expect(suggestModel(catalog, '')).toBeUndefined();
  expect(suggestModel(catalog, 'x'.repeat(100_000))).toBeUndefined();
  expect(suggestMachine(catalog, 'Standard_NC64as_T4')).toBe('Standard_NC64as_T4_v3');
});
