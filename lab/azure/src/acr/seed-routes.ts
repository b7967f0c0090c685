import { ArmError } from '../errors/arm-error.ts';
import { invalidParameter } from '../errors/request-errors.ts';
import { seedImage } from '../registry/seed.ts';
import type { JsonObject } from '../store/store.ts';
import type { AdminRoute } from '../wire/service.ts';
import { isRepositoryName } from './access.ts';
import type { Backend } from './backend.ts';

export interface SeedParts {
  readonly backend: Backend;
  /** The host name in the cloud of a public registry, or of a registry by its name. */
  readonly hostOf: (name: string) => string | undefined;
  readonly registries: () => readonly { readonly host: string; readonly loginServer: string }[];
  readonly portOf: (host: string) => number | undefined;
}

/** Which registries there are, and how images come into them without a push. */
export function seedRoutes({ backend, hostOf, registries, portOf }: SeedParts): AdminRoute[] {
  return [
    {
      method: 'GET',
      path: '/registries',
      handle: () =>
        registries().map(({ host, loginServer }) => {
          const port = portOf(host);
          return { host, loginServer: port === undefined ? loginServer : `localhost:${port}` };
        }),
    },
    {
      method: 'POST',
      path: '/registries/{registry}/images',
      async handle({ registry = '' }, body) {
        const host = hostOf(registry);
        if (host === undefined) throw new ArmError(404, 'NotFound', `There is no registry '${registry}'.`);
        const digest = await seedImage(await backend.address(host), readImage(body));
        return { digest };
      },
    },
  ];
}

function whole(target: string, value: unknown, most: number): number {
  if (Number.isSafeInteger(value) && (value as number) >= 1 && (value as number) <= most) return value as number;
  throw invalidParameter(target, `It is a whole number from 1 to ${most}.`);
}

/** `{repository, tag, layers?, layerBytes?}` */
function readImage(body: JsonObject): Parameters<typeof seedImage>[1] {
  const { repository, tag, layers = 1, layerBytes = 1 << 20, ...rest } = body;
  const unknown = Object.keys(rest)[0];
  if (unknown !== undefined) throw invalidParameter(unknown, 'An image has no such field.');
  if (typeof repository !== 'string' || !isRepositoryName(repository)) {
    throw invalidParameter('repository', 'It is the name of a repository.');
  }
  if (typeof tag !== 'string' || !/^\w[\w.-]{0,127}$/.test(tag)) throw invalidParameter('tag', 'It is a tag.');
  return {
    repository,
    tag,
    layers: whole('layers', layers, 127),
    layerBytes: whole('layerBytes', layerBytes, 8 * 2 ** 30 - 1),
  };
}
