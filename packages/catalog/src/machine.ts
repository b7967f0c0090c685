import type { Provenance } from './model.ts';

export interface GpuSpec {
  /** Product name, e.g. `NVIDIA T4`. */
  readonly model: string;
  /** GPUs as the machine sees them, a whole number: a slice of a partitioned GPU counts as one. */
  readonly count: number;
  /** Memory of one of those GPUs as sold, GiB (a T4: 16; a sixth of an A10: 4). See `usableGpuBytes` for what software can use. */
  readonly memoryGiB: number;
  /** The share of a physical GPU that one of them is, where the cloud sells slices, e.g. 0.5; absent: a whole GPU. */
  readonly fraction?: number;
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
