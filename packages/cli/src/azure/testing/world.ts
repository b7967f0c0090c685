import type { Identity } from '@kaito/azure';
import { audience, federatedCredentialName, subjectIn } from '../names.ts';
import { needsOf } from '../rights.ts';
import { azureOf, clusterWith, identityWith, type World, worldWith } from './azure.ts';

const made: Identity = { ...identityWith('kaito-kaito'), tags: { 'created-by': 'kaito' } };

/** A world in which setup has run. */
export async function setUp(fields: Partial<World> = {}, identity = made): Promise<World> {
  const world = worldWith({ identities: [identity], ...fields });
  const azure = azureOf(world);
  for (const need of needsOf(world.cluster)) {
    const role = await azure.authorization.putRole(need.custom);
    await azure.authorization.assign({
      scope: need.scope,
      principalId: identity.principalId,
      roleDefinitionId: role.id,
    });
  }
  const credential = {
    name: federatedCredentialName,
    issuer: clusterWith().oidcIssuer!,
    subject: subjectIn('kaito-system'),
    audiences: [audience],
  };
  await azure.identities.putFederatedCredential('KaitoLab', identity.name, credential);
  world.changes.length = 0;
  return world;
}
