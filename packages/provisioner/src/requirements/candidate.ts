/** One way to get the machine; a claim may have several, tried in order. */
export interface Candidate {
  /** As the catalog writes it, where it knows it. */
  readonly vmSize: string;
  /** `1`, `2`, `3`; undefined: none is asked for. */
  readonly zone?: string;
  readonly spot: boolean;
}

/** The candidate as messages and stored failures name it: `Standard_NC6s_v3 in zone 2 (spot)`. */
export function candidateName({ vmSize, zone, spot }: Candidate): string {
  return `${vmSize}${zone === undefined ? '' : ` in zone ${zone}`}${spot ? ' (spot)' : ''}`;
}
