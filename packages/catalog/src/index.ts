export * from './catalog.ts';
export * from './extension.ts';
export * from './learned/node-labels.ts';
export * from './learned/sku-list.ts';
export * from './machine.ts';
export type { ArchitectureRead } from './metadata/architecture-read.ts';
export * from './metadata/config-json.ts';
export * from './metadata/gguf-architecture.ts';
export {
  readGgufHeader,
  type GgufHeader,
  type GgufRead,
  type GgufTensor,
  type GgufValue,
} from './metadata/gguf-header.ts';
export * from './metadata/safetensors.ts';
export * from './model.ts';
export * from './sizing/data-type.ts';
export * from './sizing/kv-cache.ts';
export * from './sizing/overhead.ts';
export * from './sizing/units.ts';
export * from './sizing/usable-memory.ts';
export * from './sizing/weights.ts';
export * from './suggest.ts';
