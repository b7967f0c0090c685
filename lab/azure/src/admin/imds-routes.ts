import { adminInvalid } from '../errors/admin-errors.ts';
import type { Imds } from '../entra/imds.ts';
import type { AdminRoute } from '../wire/service.ts';

/** Metadata services of machines: each call begins that of one more. */
export function imdsRoutes(imds: Imds): AdminRoute[] {
  return [
    {
      method: 'POST',
      path: '/imds',
      async handle(_, body) {
        const { identities, address, port } = body;
        if (!Array.isArray(identities) || identities.some((each) => typeof each !== 'string'))
          throw adminInvalid("'identities' must be resource ids of managed identities");
        if (address !== undefined && address !== '127.0.0.1' && address !== '169.254.169.254')
          throw adminInvalid("'address' must be 127.0.0.1, or 169.254.169.254 inside namespaces of its own");
        if (port !== undefined && (typeof port !== 'number' || !Number.isInteger(port) || port > 65_535))
          throw adminInvalid("'port' must be a port");
        try {
          return { endpoint: await imds.listen(identities as string[], address, port) };
        } catch (error) {
          throw adminInvalid(error instanceof Error ? error.message : String(error));
        }
      },
    },
  ];
}
