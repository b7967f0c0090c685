import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import { findMachine, findModel, loadCatalog } from './catalog.ts';
import { extendCatalog } from './extension.ts';
import { parseCatalogExtension } from './extension-parser.ts';

const catalog = loadCatalog();

function machine(overrides: Record<string, unknown> = {}) {
  return {
    name: 'Standard_NC_Next',
    cloud: 'azure',
    vcpus: 8,
    memoryGiB: 64,
    nvmeGiB: 0,
    provenance: { source: 'our own measurement' },
    ...overrides,
  };
}

function model(overrides: Record<string, unknown> = {}) {
  const { architecture } = findModel(catalog, 'smollm2-135m-instruct')!;
  return {
    kind: 'gguf',
    name: 'our-model',
    family: 'Ours',
    title: 'Our model',
    license: { name: 'Apache-2.0', gated: false },
    architecture,
    provenance: { source: 'ourselves', asOf: '2026-11-01' },
    apiFlavour: 'text-generation',
    chat: true,
    quantisations: [{ name: 'q8_0', bytes: 143_000_000, sources: [{ type: 'path', path: '/models/ours.gguf' }] }],
    defaultQuantisation: 'q8_0',
    ...overrides,
  };
}

const price = {
  machine: 'standard_nc64as_t4_v3',
  amount: 5,
  currency: 'EUR',
  per: 'hour',
  region: 'westeurope',
  provenance: { source: 'our contract' },
};

function parsed(document: unknown) {
  return parseCatalogExtension(stringify(document), { file: 'ours.yaml' });
}

test('YAML, JSON and a ConfigMap give the same extension', () => {
  const document = { models: [model()], machines: [machine()], prices: [price] };
  const { extension, findings } = parsed(document);
  expect(findings).toEqual([]);
  expect(extension).toEqual({ ...document, file: 'ours.yaml' });
  expect(parseCatalogExtension(JSON.stringify(document), { file: 'ours.yaml' }).extension).toEqual(extension);
  const configMap = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'catalog' },
    data: {
      'models.yaml': stringify({ models: [model()] }),
      'rest.yaml': stringify({ machines: [machine()], prices: [price] }),
    },
  };
  expect(parsed(configMap).extension).toEqual(extension);
});

test('the extension wins by name, prices too, and says what it replaced', () => {
  const { extension } = parsed({
    models: [model({ name: 'smollm2-135m-instruct' })],
    machines: [machine({ name: 'STANDARD_d4s_V5' })],
    prices: [price],
  });
  const extended = extendCatalog(catalog, extension);
  expect(findModel(extended.catalog, 'smollm2-135m-instruct')?.family).toBe('Ours');
  expect(findMachine(extended.catalog, 'Standard_D4s_v5')?.vcpus).toBe(8);
  expect(findMachine(extended.catalog, 'Standard_NC64as_T4_v3')?.price).toEqual({
    amount: 5,
    currency: 'EUR',
    per: 'hour',
    region: 'westeurope',
    provenance: { source: 'our contract' },
  });
  expect(extended.findings.map(({ code, file }) => [code, file])).toEqual([
    ['CatalogOverride', 'ours.yaml'],
    ['CatalogOverride', 'ours.yaml'],
  ]);
  expect(loadCatalog()).toBe(catalog);
  expect(findModel(catalog, 'smollm2-135m-instruct')?.family).toBe('SmolLM2');
});

test('a price of an added machine type is set, one of nothing is a warning', () => {
  const { extension } = parsed({
    machines: [machine()],
    prices: [
      { ...price, machine: 'Standard_NC_Next' },
      { ...price, machine: 'Standard_Nowhere' },
    ],
  });
  const { catalog: extended, findings } = extendCatalog(catalog, extension);
  expect(findMachine(extended, 'Standard_NC_Next')?.price?.amount).toBe(5);
  expect(findings).toMatchObject([{ code: 'UnknownMachineType', severity: 'warning' }]);
});

test('the order of entries in an extension makes no difference', () => {
  const models = ['a', 'b', 'smollm2-135m-instruct', 'phi-2'].map((name) => model({ name }));
  const machines = ['Standard_X', 'Standard_D4s_v5', 'Standard_Y'].map((name) => machine({ name }));
  const expected = JSON.stringify(extendCatalog(catalog, parsed({ models, machines }).extension).catalog);
  fc.assert(
    fc.property(
      fc.shuffledSubarray(models, { minLength: 4 }),
      fc.shuffledSubarray(machines, { minLength: 3 }),
      (shuffled, types) => {
        expect(
          JSON.stringify(extendCatalog(catalog, parsed({ models: shuffled, machines: types }).extension).catalog),
        ).toBe(expected);
      },
    ),
    { numRuns: 20 },
  );
});

test('every problem is reported at once, with its line, and nothing is taken', () => {
  const text = `machines:
  - name: Standard_X
    cloud: azure
    vcpus: many
    memoryGiB: -1
    nvmeGiB: 0
    colour: blue
    provenance: {source: us}
models:
  - kind: gguf
`;
  const { extension, findings } = parseCatalogExtension(text, { file: 'broken.yaml' });
  expect(extension).toEqual({ models: [], machines: [], prices: [], file: 'broken.yaml' });
  const at = (path: string) => findings.find((finding) => finding.path === path);
  expect(at('machines[0].vcpus')).toMatchObject({
    code: 'InvalidCatalogEntry',
    severity: 'error',
    line: 4,
    column: 12,
    file: 'broken.yaml',
  });
  expect(at('machines[0].memoryGiB')).toMatchObject({ line: 5 });
  expect(at('machines[0]')).toMatchObject({ code: 'UnknownField', remedy: 'Remove "colour", or mend the spelling.' });
  expect(at('models[0].name')).toMatchObject({ line: 10 });
  expect(findings.length).toBeGreaterThan(8);
});

test('lines inside a ConfigMap count from its own file', () => {
  const text = `kind: ConfigMap
apiVersion: v1
data:
  prices.yaml: |
    prices:
      - machine: Standard_X
        amount: free
        currency: USD
        per: hour
        region: eastus
        provenance: {source: us}
`;
  expect(parseCatalogExtension(text).findings).toMatchObject([
    { code: 'InvalidCatalogEntry', path: 'prices[0].amount', line: 7 },
  ]);
});

test.each([
  ['a duplicate model', { models: [model(), model()] }, 'DuplicateCatalogEntry'],
  [
    'machine types that differ in case alone',
    { machines: [machine(), machine({ name: 'standard_nc_next' })] },
    'DuplicateCatalogEntry',
  ],
  [
    'an unknown data type',
    { models: [model({ quantisations: [{ name: 'q9_z', bytes: 1, sources: [{ type: 'path', path: '/x' }] }] })] },
    'InvalidCatalogEntry',
  ],
  [
    'a digest that is none',
    {
      models: [
        model({
          quantisations: [{ name: 'q8_0', bytes: 1, digest: 'md5:1', sources: [{ type: 'path', path: '/x' }] }],
        }),
      ],
    },
    'InvalidCatalogEntry',
  ],
  [
    'plain http',
    {
      models: [model({ quantisations: [{ name: 'q8_0', bytes: 1, sources: [{ type: 'https', url: 'http://x/y' }] }] })],
    },
    'InvalidCatalogEntry',
  ],
  ['a default that is missing', { models: [model({ defaultQuantisation: 'q4_0' })] }, 'InvalidCatalogEntry'],
  ['a list', [1, 2], 'InvalidCatalogEntry'],
  ['a scalar', 'hello', 'InvalidCatalogEntry'],
])('%s is refused', (_name, document, code) => {
  const { extension, findings } = parsed(document);
  expect(findings[0]).toMatchObject({ code, severity: 'error', file: 'ours.yaml' });
  expect([extension.models, extension.machines, extension.prices]).toEqual([[], [], []]);
});

function code(text: string): string | undefined {
  return parseCatalogExtension(text).findings[0]?.code;
}

test('broken YAML, aliases that explode and floods are findings; an empty file is nothing', () => {
  expect(code('models: [')).toBe('InvalidYaml');
  expect(code('machines: &a [*a]')).toBe('InvalidCatalogEntry');
  expect(code('machines: [*nowhere]')).toBe('InvalidYaml');
  const bomb = Array.from({ length: 12 }, (_, level) => `x${level + 1}: &x${level + 1} [${`*x${level}, `.repeat(9)}]`);
  expect(code(['x0: &x0 [1]', ...bomb].join('\n'))).toBe('InvalidYaml');
  expect(code(' '.repeat(10_000_001))).toBe('CatalogFileTooLarge');
  expect(parseCatalogExtension('').findings).toEqual([]);
  expect(parseCatalogExtension('# nothing\n---\n').findings).toEqual([]);
});

test('no text makes it throw', () => {
  const keys = fc.constantFrom('models', 'machines', 'prices', 'kind', 'data', 'name', '<<', '__proto__');
  const document = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      fc.constantFrom('ConfigMap', 'gguf', 1, null, ''),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(keys, tie('value'), { maxKeys: 4 }),
    ),
  })).value;
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ maxLength: 500 }),
        document.map((value) => JSON.stringify(value)),
      ),
      (text) => {
        expect(Array.isArray(parseCatalogExtension(text).findings)).toBe(true);
      },
    ),
    { numRuns: 300 },
  );
});
