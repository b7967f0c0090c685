export type Json = string | number | boolean | null | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json | undefined;
}

/** A resource of Resource Manager, as a GET answers it. */
export interface Resource {
  /** As first written; compared without regard to case. */
  readonly id: string;
  readonly name: string;
  /** E.g. `Microsoft.ContainerService/managedClusters`. */
  readonly type: string;
  readonly location?: string;
  readonly tags?: JsonObject;
  readonly sku?: JsonObject;
  readonly identity?: JsonObject;
  readonly managedBy?: string;
  readonly properties: JsonObject;
}

/** Things of one kind that are no resources, by key. */
export interface Table<T> {
  get(key: string): T | undefined;
  put(key: string, value: T): void;
  delete(key: string): void;
  entries(): readonly (readonly [string, T])[];
}

/** The emulator's state; on disk after each call, so that a kill loses nothing that was answered. */
export interface Store {
  get(id: string): Resource | undefined;
  put(resource: Resource): void;
  delete(id: string): void;
  /** Resources whose id begins with `prefix/`, of one type (also without regard to case) or of all. */
  list(prefix: string, type?: string): readonly Resource[];
  /** A table of JSON values; the name is the part of Azure and what is in it, e.g. `entra/applications`. */
  table<T>(name: string): Table<T>;
}
