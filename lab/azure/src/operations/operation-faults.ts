import type { StoredOperation } from './operations.ts';

/** What is to happen to operations, on demand. */
export interface OperationFault {
  /** A regular expression over the operation's kind and resource id; all where absent. */
  readonly match?: string;
  /** How many operations it strikes; one where absent. */
  readonly times?: number;
  /** So much longer than usual, ms. */
  readonly delayMs?: number;
  /** It stays InProgress until it is released. */
  readonly hang?: boolean;
  readonly error?: { readonly code: string; readonly message: string };
  /** The work is done before it fails, as when a pool stands and its extension did not install. */
  readonly afterWork?: boolean;
}

export interface OperationFaults {
  add(fault: OperationFault): void;
  clear(): void;
  /** The fault that strikes an operation, counted. */
  take(operation: StoredOperation): OperationFault | undefined;
}

/** Faults strike in the order in which they were added; an operation is struck by one at most. */
export function createOperationFaults(): OperationFaults {
  let faults: { readonly fault: OperationFault; left: number }[] = [];
  return {
    add: (fault) => void faults.push({ fault, left: fault.times ?? 1 }),
    clear: () => void (faults = []),
    take({ kind, resourceId }) {
      const found = faults.find(({ fault }) => new RegExp(fault.match ?? '', 'i').test(`${kind} ${resourceId}`));
      if (found === undefined) return undefined;
      found.left -= 1;
      if (found.left <= 0) faults = faults.filter((each) => each !== found);
      return found.fault;
    },
  };
}
