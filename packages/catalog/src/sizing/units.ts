/** 2^20 bytes. */
export const MiB = 1_048_576;
/** 2^30 bytes: the unit of Kubernetes' `Gi`, of Azure's memory figures, and of GPU memory "as sold". */
export const GiB = 1_073_741_824;
/** 10^9 bytes: the unit in which model files are usually listed. Never the same as a GiB. */
export const GB = 1_000_000_000;

/** Bytes as `13.5 GiB` (one decimal), `920 MiB` below a GiB. Rounded for reading; compare bytes, not this. */
export function formatBytes(bytes: number): string {
  return bytes < GiB ? `${Math.round(bytes / MiB)} MiB` : `${(bytes / GiB).toFixed(1)} GiB`;
}
