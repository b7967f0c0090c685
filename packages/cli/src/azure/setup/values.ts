import { readFile, writeFile } from 'node:fs/promises';
import { type Cloud, type Identity, knownCloud, type ManagedCluster } from '@kaito/azure';
import { isMap, parseDocument } from 'yaml';
import { failure } from '../../failure.ts';
import { resourceGroupOf } from '../resource-id.ts';
import type { Step } from '../steps/step.ts';

interface ValuesOf {
  readonly cloud: Cloud;
  readonly subscriptionId: string;
  readonly cluster: ManagedCluster;
  readonly identity: Pick<Identity, 'clientId' | 'tenantId'>;
  /** PEM of the authorities of a cloud that is none of Microsoft's. */
  readonly authorities?: string | undefined;
}

/** The chart's values by which the provisioner makes this cluster's agent pools as this identity. */
export function valuesOf({ cloud, subscriptionId, cluster, identity, authorities }: ValuesOf) {
  const known = knownCloud(cloud.name) !== undefined;
  return {
    operator: { nodeProvisioner: 'karpenter' },
    provisioner: {
      enabled: true,
      azure: {
        subscriptionId,
        resourceGroup: resourceGroupOf(cluster.id),
        clusterName: cluster.name,
        location: cluster.location,
        ...(known
          ? { environment: cloud.name }
          : { resourceManagerEndpoint: cloud.resourceManager, authorityHost: cloud.authorityHost }),
      },
      ...(!known && authorities !== undefined && { caBundle: authorities }),
      workloadIdentity: { clientId: identity.clientId, tenantId: identity.tenantId },
    },
  };
}

/** Writes the values into a file, where other values and comments of the person stay as they are. Throws Failure. */
export async function valuesStep(
  file: string,
  values: () => ReturnType<typeof valuesOf>,
  known: boolean,
): Promise<Step> {
  const before = await contentOf(file);
  const registry = parseDocument(before ?? '').get('imageRegistry');
  const step = {
    name: 'values',
    commands: [],
    ...((registry === undefined || registry === '') && {
      warning: "set imageRegistry in it to where KAITO's images are",
    }),
  } as const;
  if (known && before !== undefined && merged(file, before, values()) === before)
    return { ...step, state: 'already', says: `the values of the Helm chart are in ${file}` };
  return {
    ...step,
    state: 'todo',
    says: `${before === undefined ? 'write' : 'bring up to date'} the values of the Helm chart in ${file}`,
    run: async () => {
      await write(file, merged(file, (await contentOf(file)) ?? '', values()));
      return `wrote the values of the Helm chart to ${file}`;
    },
  };
}

async function write(file: string, text: string): Promise<void> {
  try {
    await writeFile(file, text);
  } catch (error) {
    const { code = String(error) } = error as NodeJS.ErrnoException;
    throw failure('FileUnwritable', `${file} cannot be written: ${code}.`, 'Name another file: --values FILE.');
  }
}

async function contentOf(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    throw failure(
      'FileUnreadable',
      `${file} cannot be read: ${code ?? String(error)}.`,
      'Name another file: --values FILE.',
    );
  }
}

function merged(file: string, text: string, values: object): string {
  const document = parseDocument(text);
  if (document.errors.length > 0 || (document.contents !== null && !isMap(document.contents)))
    throw failure('InvalidYAML', `${file} holds no Helm values.`, 'Mend it, or name another file: --values FILE.');
  for (const [path, value] of leavesOf(values)) if (document.getIn(path) !== value) document.setIn(path, value);
  return document.toString({ lineWidth: 0 });
}

function leavesOf(value: object, path: readonly string[] = []): (readonly [path: readonly string[], value: unknown])[] {
  return Object.entries(value).flatMap(([key, each]: [string, unknown]) =>
    typeof each === 'object' && each !== null ? leavesOf(each, [...path, key]) : [[[...path, key], each] as const],
  );
}
