/** A rendered object: plain JSON, keys in a fixed order, no status. */
export interface RenderedObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly ownerReferences?: readonly unknown[];
  };
  readonly spec: Readonly<Record<string, unknown>>;
}

/** Everything that one Workspace needs beside its machines, in the order in which it is applied. */
export interface Rendered {
  readonly services: readonly RenderedObject[];
  readonly workload: RenderedObject;
}

export interface RenderOptions {
  /** Image of KAITO's own server and of the weights init container, for GGUF presets that name none. */
  readonly serverImage: string;
}
