import { Transform } from 'node:stream';
import { ArmError } from '../errors/arm-error.ts';
import { invalidParameter } from '../errors/request-errors.ts';
import type { JsonObject } from '../store/store.ts';
import type { AdminRoute } from '../wire/service.ts';

/** What goes wrong at a registry because someone asked for it. Not kept over a restart. */
export interface RegistryFaults {
  /** Counts a request to the registry's interface: seconds to wait, where it is refused. */
  throttled(registry: string): number | undefined;
  /** What a blob's bytes go through on their way to the client. */
  blob(registry: string, digest: string): Transform | undefined;
  readonly routes: readonly AdminRoute[];
}

interface Fault {
  readonly kind: 'throttle' | 'cut-blob' | 'corrupt-blob';
  /** How often it still happens. */
  times: number;
  readonly seconds: number;
  readonly afterBytes: number;
  readonly digest: string | undefined;
}

/** @param known whether there is such a registry, by its host name in the cloud */
export function createRegistryFaults(known: (registry: string) => boolean): RegistryFaults {
  const faults = new Map<string, Fault[]>();

  function take(registry: string, fits: (fault: Fault) => boolean): Fault | undefined {
    const fault = faults.get(registry)?.find((each) => each.times > 0 && fits(each));
    if (fault !== undefined) fault.times -= 1;
    return fault;
  }

  const existing = (parameters: Readonly<Record<string, string>>): string => {
    const name = (parameters['registry'] ?? '').toLowerCase();
    const registry = name.includes('.') ? name : `${name}.azurecr.io`;
    if (known(registry)) return registry;
    throw new ArmError(404, 'NotFound', `There is no registry '${registry}'.`);
  };

  return {
    throttled: (registry) => take(registry, ({ kind }) => kind === 'throttle')?.seconds,
    blob(registry, digest) {
      const fault = take(
        registry,
        (each) => each.kind !== 'throttle' && (each.digest === undefined || each.digest === digest),
      );
      if (fault === undefined) return undefined;
      return fault.kind === 'cut-blob' ? cut(fault.afterBytes) : corrupt(fault.afterBytes);
    },
    routes: [
      {
        method: 'POST',
        path: '/registries/{registry}/faults',
        handle(parameters, body) {
          const registry = existing(parameters);
          faults.set(registry, [...(faults.get(registry) ?? []), read(body)]);
        },
      },
      {
        method: 'DELETE',
        path: '/registries/{registry}/faults',
        handle: (parameters) => void faults.delete(existing(parameters)),
      },
    ],
  };
}

/** `{kind, times?, seconds?, afterBytes?, digest?}`; seconds are for `throttle`, the last two for blobs. */
function read(body: JsonObject): Fault {
  const { kind, digest, ...rest } = body;
  if (kind !== 'throttle' && kind !== 'cut-blob' && kind !== 'corrupt-blob') {
    throw invalidParameter('kind', "It is one of 'throttle', 'cut-blob', 'corrupt-blob'.");
  }
  const allowed = kind === 'throttle' ? ['times', 'seconds'] : ['times', 'afterBytes'];
  const unknown = Object.keys(rest).find((key) => !allowed.includes(key));
  if (unknown !== undefined) throw invalidParameter(unknown, `A fault of kind '${kind}' has no such field.`);
  if (digest !== undefined && (kind === 'throttle' || typeof digest !== 'string')) {
    throw invalidParameter('digest', 'It is the digest of a blob.');
  }
  const count = (key: string, standard: number): number => {
    const value = rest[key] ?? standard;
    if (Number.isSafeInteger(value) && (value as number) >= 0) return value as number;
    throw invalidParameter(key, 'It is a whole number, 0 or more.');
  };
  return { kind, digest, times: count('times', 1), seconds: count('seconds', 1), afterBytes: count('afterBytes', 0) };
}

/** Ends the connection after so many bytes. */
function cut(afterBytes: number): Transform {
  let left = afterBytes;
  return new Transform({
    transform(chunk: Buffer, _, done) {
      const kept = chunk.subarray(0, left);
      left -= kept.length;
      this.push(kept);
      if (kept.length === chunk.length) done();
      // What was pushed goes out before the connection ends.
      else setImmediate(() => done(new Error('cut on demand')));
    },
  });
}

/** Turns over one bit of the byte at an offset. */
function corrupt(offset: number): Transform {
  let passed = 0;
  return new Transform({
    transform(chunk: Buffer, _, done) {
      const at = offset - passed;
      passed += chunk.length;
      if (at < 0 || at >= chunk.length) return done(null, chunk);
      const changed = Buffer.from(chunk);
      changed.writeUInt8(changed.readUInt8(at) ^ 1, at);
      return done(null, changed);
    },
  });
}
