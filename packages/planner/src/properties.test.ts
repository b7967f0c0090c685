import type { Workspace } from '@kaito/api';
import { type Catalog, GiB } from '@kaito/catalog';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Facts, nothingKnown } from './facts.ts';
import type { Plan, PlanOptions } from './plan.ts';
import { plan } from './planner.ts';
import { catalog, hostWith, known, machineWith, planFor, workspace } from './testing/factories.ts';

const presetName = fc.constantFrom(...catalog.models.map((model) => model.name));
const machineName = fc.constantFrom('', 'Standard_Unknown_v9', ...catalog.machines.map((machine) => machine.name));
const clusterOptions: fc.Arbitrary<PlanOptions> = fc.record(
  {
    target: fc.constant('cluster' as const),
    contextLength: fc.integer({ min: 16, max: 200_000 }),
    parallel: fc.integer({ min: 1, max: 64 }),
    overrideEstimate: fc.boolean(),
  },
  { requiredKeys: ['target'] },
);
const wanted: fc.Arbitrary<Workspace> = fc
  .record({ preset: presetName, instanceType: machineName, count: fc.integer({ min: 1, max: 9 }), own: fc.boolean() })
  .map(({ own, ...fields }) => workspace({ ...fields, ...(own && { image: 'registry.example/model:1' }) }));

const label = fc.constantFrom('apps', 'node.kubernetes.io/instance-type');
const clusterFacts = fc
  .array(
    fc.record({
      name: fc.string(),
      ready: fc.boolean(),
      labels: fc.dictionary(label, fc.oneof(machineName, presetName)),
      gpuCapacity: fc.integer({ min: 0, max: 8 }),
    }),
  )
  .map((nodes) => known({ nodes }));
const cloudFacts = fc
  .array(
    fc.record({
      instanceType: machineName,
      offered: fc.boolean(),
      zones: fc.constant([]),
      quotaLeft: fc.integer({ min: 0, max: 500 }),
    }),
  )
  .map((offers) => known({ region: 'westus3', offers }));
const anyFacts: fc.Arbitrary<Facts> = fc
  .record({ cluster: fc.option(clusterFacts), cloud: fc.option(cloudFacts) })
  .map(({ cluster, cloud }) => ({ ...nothingKnown, ...(cluster && { cluster }), ...(cloud && { cloud }) }));

/** What more knowledge must not change. */
function decided({ model, runtime, shape, memory, admitted, inputsHash }: Plan) {
  return { model, runtime, shape, memory, admitted, inputsHash };
}

/** The account holds by its own figures, and what does not fit is never admitted unnoticed. */
function expectHonest(made: Plan): void {
  const { memory } = made;
  if (memory === undefined) return;
  expect(memory.requiredBytes).toBe(memory.weightsBytes + memory.kvCacheBytes + memory.overheadBytes);
  expect(memory.fits).toBe(memory.usableBytes === undefined ? undefined : memory.requiredBytes <= memory.usableBytes);
  if (memory.fits !== false) return;
  const noticed = made.findings.some(({ code }) =>
    ['InsufficientGPUMemory', 'InsufficientMemory', 'EstimateOverridden', 'MemoryBusy'].includes(code),
  );
  expect(noticed).toBe(true);
}

describe('memory', () => {
  test('what fits is never more than what is usable; what does not fit is named', () => {
    fc.assert(
      fc.property(wanted, clusterOptions, (written, options) => {
        expectHonest(plan(written, catalog, nothingKnown, options));
      }),
    );
  });

  test('the same on this machine, with and without GPUs', () => {
    fc.assert(
      fc.property(
        presetName,
        fc.double({ min: 0.1, max: 256, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.array(fc.double({ min: 0.5, max: 96, noNaN: true }), { maxLength: 4 }),
        fc.boolean(),
        (preset, total, share, gpus, quantisedEquivalent) => {
          const facts = hostWith({
            memoryBytes: Math.floor(total * GiB),
            availableMemoryBytes: Math.floor(total * share * GiB),
            gpus: gpus.map((gib) => ({ model: 'GPU', memoryBytes: Math.floor(gib * GiB) })),
          });
          const made = plan(workspace({ preset }), catalog, facts, { target: 'local', quantisedEquivalent });
          expectHonest(made);
          const layers = catalog.models.find(({ name }) => name === made.model?.name)!.architecture.layers;
          expect(made.shape?.gpuLayers ?? 0).toBeLessThanOrEqual(layers + 1);
          expect(made.shape?.gpuLayers ?? 0).toBeGreaterThanOrEqual(0);
        },
      ),
    );
  });

  test('more GPU memory, or more GPUs, never turn a fit into a refusal', () => {
    const gib = fc.integer({ min: 1, max: 200 });
    const gpus = fc.integer({ min: 1, max: 8 });
    fc.assert(
      fc.property(
        presetName,
        gib,
        gib,
        gpus,
        gpus,
        clusterOptions,
        (preset, memory, moreMemory, count, moreGpus, options) => {
          const admittedOn = (memoryGiB: number, gpuCount: number) => {
            const machines = [machineWith({ memoryGiB, count: gpuCount })];
            const fields = { preset, instanceType: 'Standard_Test', image: 'registry.example/model:1' };
            return planFor(fields, options, nothingKnown, { ...catalog, machines }).admitted;
          };
          if (admittedOn(memory, count)) expect(admittedOn(memory + moreMemory, count + moreGpus)).toBe(true);
        },
      ),
    );
  });

  test('more RAM never turns a fit into a refusal', () => {
    const gib = fc.double({ min: 0.05, max: 128, noNaN: true });
    fc.assert(
      fc.property(presetName, gib, gib, (preset, memory, more) => {
        const admittedWith = (size: number) => {
          const bytes = Math.floor(size * GiB);
          const facts = hostWith({ memoryBytes: bytes, availableMemoryBytes: bytes });
          return plan(workspace({ preset }), catalog, facts, { target: 'local' }).admitted;
        };
        if (admittedWith(memory)) expect(admittedWith(memory + more)).toBe(true);
      }),
    );
  });

  test('every machine that is proposed is admitted', () => {
    fc.assert(
      fc.property(wanted, (written) => {
        const made = plan(written, catalog, nothingKnown, { target: 'cluster' });
        for (const { kind, name } of made.alternatives) {
          if (kind !== 'machine') continue;
          const there = { ...written, resource: { ...written.resource!, instanceType: name } };
          const errors = plan(there, catalog, nothingKnown, { target: 'cluster' }).findings.filter(
            ({ severity, code }) => severity === 'error' && code !== 'ImageRequired',
          );
          expect(errors).toEqual([]);
        }
      }),
    );
  });
});

test('the order of the catalog does not matter', () => {
  const shuffled: fc.Arbitrary<Catalog> = fc.record({
    models: fc.shuffledSubarray([...catalog.models], { minLength: catalog.models.length }),
    machines: fc.shuffledSubarray([...catalog.machines], { minLength: catalog.machines.length }),
  });
  fc.assert(
    fc.property(wanted, clusterOptions, shuffled, (written, options, other) => {
      expect(plan(written, other, nothingKnown, options)).toEqual(plan(written, catalog, nothingKnown, options));
    }),
  );
});

test('more knowledge of cluster and cloud never changes a decision nor refuses', () => {
  fc.assert(
    fc.property(wanted, clusterOptions, anyFacts, (written, options, facts) => {
      const before = plan(written, catalog, nothingKnown, options);
      const after = plan(written, catalog, facts, options);
      expect(decided(after)).toEqual(decided(before));
      expect(after.placement?.machinesWanted ?? 0).toBeLessThanOrEqual(before.placement?.machinesWanted ?? 0);
    }),
  );
});

test('a Plan is plain data: JSON keeps it whole', () => {
  fc.assert(
    fc.property(wanted, clusterOptions, anyFacts, (written, options, facts) => {
      const made = plan(written, catalog, facts, options);
      expect(JSON.parse(JSON.stringify(made))).toEqual(made);
    }),
  );
});

describe('nothing throws', () => {
  const target = fc.constantFrom('local' as const, 'cluster' as const);

  test('for any value in the place of a Workspace', () => {
    fc.assert(
      fc.property(fc.anything(), target, (value, where) => {
        const made = plan(value as Workspace, catalog, nothingKnown, { target: where });
        expect(made.admitted).toBe(false);
      }),
    );
  });

  test('for Workspaces with fields of any kind', () => {
    const odd = fc.oneof(fc.jsonValue(), presetName, machineName, fc.constant(undefined));
    const shape = fc.record({
      metadata: fc.oneof(odd, fc.record({ name: odd, namespace: odd, annotations: odd })),
      resource: fc.oneof(
        odd,
        fc.record({
          count: odd,
          instanceType: odd,
          preferredNodes: odd,
          labelSelector: fc.oneof(odd, fc.record({ matchLabels: odd, matchExpressions: fc.array(odd) })),
        }),
      ),
      inference: fc.oneof(
        odd,
        fc.record({
          preset: fc.oneof(odd, fc.record({ name: presetName, accessMode: odd, presetOptions: odd })),
          template: odd,
          adapters: fc.oneof(odd, fc.array(fc.record({ source: odd, strength: odd }))),
        }),
      ),
    });
    const numbers = fc.option(fc.oneof(fc.double(), fc.integer()), { nil: undefined });
    fc.assert(
      fc.property(shape, target, numbers, numbers, (value, where, contextLength, parallel) => {
        const options = {
          target: where,
          ...(contextLength !== undefined && { contextLength }),
          ...(parallel !== undefined && { parallel }),
        };
        const made = plan(value as unknown as Workspace, catalog, hostWith(), options);
        expect(made.inputsHash).toMatch(/^[0-9a-f]{64}$/);
        expect(Number.isSafeInteger(made.shape?.contextLength ?? 0)).toBe(true);
      }),
    );
  });
});
