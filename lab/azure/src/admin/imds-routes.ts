import { adminInvalid } from '../errors/admin-errors.ts';
import type { Imds } from '../entra/imds.ts';
import type { AdminRoute } from '../wire/service.ts';

/** Metadata services of machines: each call begins that of one more. */
export function imdsRoutes(imds: Imds): AdminRoute[] {
  return [
    {
      method: 'POST',
      path: '/imds',
      async handle(_, { identities }) {
        if (!Array.isArray(identities) || identities.some((each) => typeof each !== 'string'))
          throw adminInvalid("'identities' must be resource ids of managed identities");
        return { endpoint: await imds.listen(identities as string[]) };
      },
    },
  ];
}
