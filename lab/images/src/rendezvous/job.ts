/** What all ranks of one job must agree on. */
export interface Job {
  readonly id: string;
  readonly nodes: number;
  /** Of each node. */
  readonly processes: number;
}
