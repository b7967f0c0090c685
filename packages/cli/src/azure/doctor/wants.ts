import type { Workspace } from '@kaito/api';
import { isForbidden, isNotFound, type Live } from '@kaito/kube';
import type { Cluster } from '../../cluster/connect.ts';
import { workspaces } from '../../cluster/resources.ts';

/** What the Workspaces of a cluster take from Azure. */
export interface Wants {
  /** Machines by type. */
  readonly machines: ReadonlyMap<string, number>;
  /** Images that they name themselves, and whether each Workspace that does brings a secret to pull it with. */
  readonly images: ReadonlyMap<string, { readonly withSecret: boolean }>;
}

export const nothingWanted: Wants = { machines: new Map(), images: new Map() };

/** None where the person may not see Workspaces, or the cluster knows none; the checks of the cluster say so. */
export async function wantsOf({ client, namespace }: Cluster): Promise<Wants> {
  try {
    const { items } = await client.list(workspaces).catch((error: unknown) => {
      if (!isForbidden(error)) throw error;
      return client.list(workspaces, { namespace });
    });
    return wantsIn(items);
  } catch (error) {
    if (isForbidden(error) || isNotFound(error)) return nothingWanted;
    throw error;
  }
}

export function wantsIn(items: readonly Live<Workspace>[]): Wants {
  const machines = new Map<string, number>();
  const images = new Map<string, { withSecret: boolean }>();
  for (const workspace of items) {
    const { instanceType = '', count = 1 } = workspace.resource ?? {};
    if (instanceType !== '') machines.set(instanceType, (machines.get(instanceType) ?? 0) + count);
    for (const { image, withSecret } of imagesOf(workspace))
      images.set(image, { withSecret: withSecret && (images.get(image)?.withSecret ?? true) });
  }
  return { machines, images };
}

function imagesOf({ inference }: Live<Workspace>): readonly { readonly image: string; readonly withSecret: boolean }[] {
  const { image, imagePullSecrets = [] } = inference?.preset?.presetOptions ?? {};
  const template = inference?.template as
    | {
        readonly spec?: {
          readonly containers?: readonly { readonly image?: string }[];
          readonly imagePullSecrets?: readonly unknown[];
        };
      }
    | undefined;
  const secret = imagePullSecrets.length > 0;
  return [
    ...(image == null ? [] : [{ image, withSecret: secret }]),
    ...(template?.spec?.containers ?? []).flatMap((container) =>
      container.image == null
        ? []
        : [{ image: container.image, withSecret: (template?.spec?.imagePullSecrets ?? []).length > 0 }],
    ),
    ...(inference?.adapters ?? []).flatMap(({ source }) =>
      source?.image == null ? [] : [{ image: source.image, withSecret: (source.imagePullSecrets ?? []).length > 0 }],
    ),
  ];
}
