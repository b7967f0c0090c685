import { join } from 'node:path';
import type { Deployment } from 'kubernetes-types/apps/v1.js';
import type { Container, Pod, Volume } from 'kubernetes-types/core/v1.js';

/** What a file in a container is filled with. */
export type Source = { readonly token: string; readonly seconds: number } | { readonly configMap: string };

/** What the main container of a Deployment's pods is started with, where it runs as a process of this machine. */
export interface ContainerProcess {
  readonly serviceAccount: string;
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** Files, or folders of all keys of a ConfigMap, to be there first. */
  readonly files: readonly { readonly path: string; readonly source: Source }[];
}

/**
 * Reads it of the Deployment, with what its volumes are mounted as moved below `folder`.
 *
 * @param pod whose name the process takes
 * @throws Error for what no container of KAITO's chart has
 */
export function containerProcess({ spec }: Deployment, pod: Pod, folder: string): ContainerProcess {
  const { serviceAccountName = 'default', containers, volumes = [] } = spec!.template.spec!;
  const container = containers[0]!;
  const mounts = (container.volumeMounts ?? []).map(({ name, mountPath }) => ({
    mountPath,
    home: join(folder, name),
    volume: volumes.find((volume) => volume.name === name)!,
  }));
  const moved = (value: string): string => {
    const mount = mounts.find(({ mountPath }) => value.startsWith(`${mountPath}/`));
    return mount === undefined ? value : join(mount.home, value.slice(mount.mountPath.length));
  };
  return {
    serviceAccount: serviceAccountName,
    args: container.args ?? [],
    environment: Object.fromEntries((container.env ?? []).map((entry) => [entry.name, moved(valueOf(entry, pod))])),
    files: mounts.flatMap(({ home, volume }) => filesOf(volume, home)),
  };
}

function valueOf({ name, value, valueFrom }: NonNullable<Container['env']>[number], { metadata, status }: Pod): string {
  if (valueFrom === undefined) return value ?? '';
  const known: Readonly<Record<string, string | undefined>> = {
    'metadata.name': metadata?.name,
    'metadata.namespace': metadata?.namespace,
    'status.podIP': status?.podIP,
  };
  const found = known[valueFrom.fieldRef?.fieldPath ?? ''];
  if (found === undefined) throw new Error(`the environment variable ${name} is of a kind that is not known here`);
  return found;
}

function filesOf({ name, projected, configMap }: Volume, home: string): ContainerProcess['files'] {
  if (configMap?.name !== undefined) return [{ path: home, source: { configMap: configMap.name } }];
  if (projected === undefined) throw new Error(`the volume ${name} is of a kind that is not known here`);
  return (projected.sources ?? []).map(({ serviceAccountToken: token }) => {
    if (token?.audience === undefined) throw new Error(`the volume ${name} projects what is not known here`);
    const { audience, expirationSeconds = 3600, path } = token;
    return { path: join(home, path), source: { token: audience, seconds: expirationSeconds } };
  });
}
