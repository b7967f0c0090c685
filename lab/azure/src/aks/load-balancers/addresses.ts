/** Addresses of one kind of load balancer, of which each belongs to one Service at most. */
export interface AddressPool {
  /** The address of a Service: the one that it names, where nobody else has it, or any that is free. @throws Error where all are taken */
  take(service: string, wanted?: string): string;
  /** Gives a Service's address back. */
  give(service: string): void;
}

/** @param subnet the first three bytes, `203.0.113` */
export function addressPool(subnet: string): AddressPool {
  const taken = new Map<string, string>();
  return {
    take(service, wanted) {
      const others = new Set([...taken].filter(([holder]) => holder !== service).map(([, address]) => address));
      const candidates = Array.from({ length: 254 }, (_, index) => `${subnet}.${index + 1}`);
      const own = wanted ?? taken.get(service);
      const address =
        candidates.includes(own ?? '') && !others.has(own!) ? own : candidates.find((each) => !others.has(each));
      if (address === undefined) throw new Error(`all addresses of ${subnet}.0/24 are taken`);
      taken.set(service, address);
      return address;
    },
    give: (service) => void taken.delete(service),
  };
}
