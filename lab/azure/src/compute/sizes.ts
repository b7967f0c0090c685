import { type MachineType, loadCatalog } from '@kaito/catalog';

/** A size of virtual machines that Azure rents. */
export type Size = Pick<MachineType, 'name' | 'vcpus' | 'memoryGiB' | 'gpu' | 'nvmeGiB' | 'retirement'>;

/** Sizes without GPUs that people's clusters are made of and that KAITO's catalog does not know (Microsoft Learn, size pages, 2026-05). */
const others: readonly Size[] = (
  [
    ['Standard_B2s', 2, 4],
    ['Standard_B4ms', 4, 16],
    ['Standard_DS2_v2', 2, 7],
    ['Standard_DS3_v2', 4, 14],
    ['Standard_D2s_v3', 2, 8],
    ['Standard_D4s_v3', 4, 16],
    ['Standard_D8s_v3', 8, 32],
    ['Standard_D4ds_v5', 4, 16],
    ['Standard_D8ds_v5', 8, 32],
  ] as const
).map(([name, vcpus, memoryGiB]) => ({ name, vcpus, memoryGiB, nvmeGiB: 0 }));

const byName: ReadonlyMap<string, Size> = new Map(
  [...loadCatalog().machines.filter((machine) => machine.cloud === 'azure'), ...others].map((size) => [
    size.name.toLowerCase(),
    size,
  ]),
);

/** The sizes that Azure still rents at `now`: one that has retired is offered nowhere. */
export function sizesOffered(now: Date): readonly Size[] {
  return [...byName.values()].filter(({ retirement }) => retirement === undefined || now < new Date(retirement.date));
}

/** The size of that name, whatever its case, retired or not. */
export function findSize(name: string): Size | undefined {
  return byName.get(name.toLowerCase());
}
