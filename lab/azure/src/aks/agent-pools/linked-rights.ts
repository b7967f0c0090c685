import type { JsonObject } from '../../store/store.ts';
import type { ArmRequest, Emulator } from '../../wire/service.ts';
import { linkedAuthorizationFailed } from '../errors.ts';

const join = 'Microsoft.Network/virtualNetworks/subnets/join/action';

/** Whoever puts machines into a subnet must be allowed to join it. @throws ArmError LinkedAuthorizationFailed */
export function requireSubnetRights(
  { authorization, principals }: Pick<Emulator, 'authorization' | 'principals'>,
  request: Pick<ArmRequest, 'callerId' | 'path'>,
  action: string,
  pool: JsonObject,
): void {
  for (const subnet of [pool['vnetSubnetID'], pool['podSubnetID']]) {
    if (typeof subnet !== 'string' || authorization.allows(request.callerId, subnet, join)) continue;
    const client = principals.find(request.callerId) ?? { appId: request.callerId, id: request.callerId };
    throw linkedAuthorizationFailed(client, action, request.path, join, subnet);
  }
}
