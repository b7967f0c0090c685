/** Settings of the operator's process; read from flags and environment in `main.ts`. */
export interface OperatorOptions {
  /** Registry prefix of public preset images; `PRESET_REGISTRY_NAME`. */
  readonly presetRegistry: string;
  /** Image of KAITO's own server, for GGUF presets. */
  readonly serverImage: string;
  /** Namespace of the operator itself. */
  readonly systemNamespace: string;
  /** `none`: machines are never rented, Workspaces use existing nodes only. */
  readonly nodeProvisioner: 'karpenter' | 'none';
  /** When held updates of Workspaces roll that name no window themselves: cron (UTC) and a duration, e.g. `0 2 * * 6 4h`. */
  readonly updateWindow?: string;
  /** Workspaces reconciled at once. */
  readonly concurrency: number;
}

/** Field manager of everything the operator writes. */
export const fieldManager = 'kaito-workspace';
