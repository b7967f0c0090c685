import type { Provenance } from './model.ts';

export interface GpuSpec {
  /** Product name, e.g. `NVIDIA T4`. */
  readonly model: string;
  /** GPUs per machine; a fraction (1/6) for a partitioned GPU that the machine sees as one. */
  readonly count: number;
  /** Memory of one GPU as sold, GiB (a T4: 16). */
  readonly memoryGiB: number;
  /** CUDA compute capability, e.g. `7.5`; absent for other makers. */
  readonly computeCapability?: string;
}

export interface Price {
  readonly amount: number;
  readonly currency: string;
  readonly per: 'hour';
  /** Region the price holds for. */
  readonly region: string;
  readonly provenance: Provenance;
}

/** A machine type that a cloud rents, as it is named in `resource.instanceType`. */
export interface MachineType {
  readonly name: string;
  readonly cloud: 'azure' | (string & {});
  readonly vcpus: number;
  /** RAM, GiB. */
  readonly memoryGiB: number;
  readonly gpu?: GpuSpec;
  /** Local NVMe, GiB in total; 0 where there is none. */
  readonly nvmeGiB: number;
  /** ISO date on which the cloud ends it, and what it recommends instead. */
  readonly retirement?: { readonly date: string; readonly successor?: string };
  /** Absent: unknown, and said so. */
  readonly price?: Price;
  readonly provenance: Provenance;
}
