/** A rendered object: plain JSON, keys in a fixed order, no status, quantities as the API server would write them. */
export interface RenderedObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly ownerReferences?: readonly object[];
  };
  readonly spec: Readonly<Record<string, unknown>>;
}

/** Everything that one Workspace needs beside its machines, in the order in which it is applied. */
export interface Rendered {
  readonly services: readonly RenderedObject[];
  readonly workload: RenderedObject;
}

export interface RenderOptions {
  /**
   * Image of KAITO's own server for GGUF presets whose Workspace names none: has `kaito-server` and `kaito-weights` on its PATH and runs
   * as a user other than root.
   */
  readonly serverImage: string;
}
