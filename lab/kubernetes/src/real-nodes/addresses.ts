import { network } from '../certificates.ts';

/** Real nodes that a lab can have at once: one address and one /24 of pods each. */
export const mostRealNodes = 200;

const firstBytes = (range: string): string => range.split('.').slice(0, 2).join('.');

export interface NodeAddresses {
  readonly address: string;
  /** Of its pods, a /24. */
  readonly pods: string;
  /** Its network device on the lab's side. */
  readonly link: string;
}

/** Addresses of the node with a number from 1 on, inside the lab's network namespace. */
export function nodeAddresses(number: number): NodeAddresses {
  return {
    address: `${firstBytes(network.address)}.0.${10 + number}`,
    pods: `${firstBytes(network.pods)}.${number}.0/24`,
    link: `node${number}`,
  };
}

/**
 * The number of the next node, in turn: the addresses of a node that has gone may still be listed with its pods, and an endpoint that is listed twice
 * may be taken for the one that has ended. Undefined where all are taken.
 *
 * @param last of the node that was added before; 0 for the first
 */
export function nextNumber(last: number, taken: ReadonlySet<number>): number | undefined {
  for (let step = 1; step <= mostRealNodes; step += 1) {
    const number = ((last + step - 1) % mostRealNodes) + 1;
    if (!taken.has(number)) return number;
  }
  return undefined;
}
