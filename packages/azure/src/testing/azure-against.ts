import { createAzure, createWire } from '../azure.ts';
import type { Azure } from '../azure.ts';
import type { Clock } from '../clock.ts';
import type { AccessToken, Credential, TokenOptions } from '../credentials/credential.ts';
import type { Wire, WireOptions } from '../wire/wire.ts';
import type { StubAzure } from './stub-azure.ts';
import { JumpingClock } from './stub-azure.ts';

/** A credential that gives `token-1`, and the next number each time one is refused. */
export class CountingCredential implements Credential {
  readonly asked: TokenOptions[] = [];
  #number = 1;

  async token(_audience: string, options: TokenOptions = {}): Promise<AccessToken> {
    this.asked.push(options);
    if (options.insteadOf !== undefined) this.#number += 1;
    return { value: `token-${this.#number}`, expiresAt: Number.POSITIVE_INFINITY };
  }
}

export const cluster = { subscriptionId: 'sub', resourceGroup: 'rg', name: 'kaito' };
export const clusterId =
  '/subscriptions/sub/resourceGroups/rg/providers/Microsoft.ContainerService/managedClusters/kaito';

/** Connections to a stub, by a clock that jumps unless one is given. */
export function wireTo(stub: StubAzure, options: Partial<WireOptions> & { readonly clock?: Clock } = {}): Wire {
  return createWire({ clock: new JumpingClock(), random: () => 0.5, authorities: stub.certificate, ...options });
}

export function azureAgainst(
  stub: StubAzure,
  options: Partial<WireOptions> & { readonly credential?: Credential } = {},
): Azure {
  const { credential = new CountingCredential(), ...wire } = options;
  return createAzure({ cloud: stub.cloud, credential, wire: wireTo(stub, wire) });
}
