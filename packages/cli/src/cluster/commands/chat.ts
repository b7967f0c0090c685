import { type Live, portForward, services } from '@kaito/kube';
import type { Pod } from 'kubernetes-types/core/v1.js';
import { type ChatFlags, talk } from '../../commands/chat.ts';
import { type ExitCode, failure } from '../../failure.ts';
import { blocks } from '../../failure.ts';
import type { Session } from '../../session.ts';
import { titleOf } from '../../workspace/lookup.ts';
import { readKey } from '../../workspace/running.ts';
import type { Cluster } from '../connect.ts';
import { causeText } from '../follow.ts';
import { podsOf } from '../gather.ts';
import { lookUp, refOf, type WorkspaceRef } from '../lookup.ts';
import { isReadyPod } from '../pod-state.ts';
import { explained } from '../explain.ts';

/** Where every KAITO's server listens in its pod. */
const servingPort = 5000;

/** `kaito chat` on a cluster: forwards a port of its own into a pod that serves, and talks through it. */
export async function chat(
  session: Session,
  cluster: Cluster,
  name: string | undefined,
  options: ChatFlags,
): Promise<ExitCode> {
  const workspace = await lookUp(cluster, name, options.namespace);
  const ref = refOf(workspace);
  const all = await podsOf(cluster, ref);
  const pod = all.find((each) => isReadyPod(each) && answers(each));
  if (pod == null)
    throw failure(
      workspace.status?.rootCause?.code ?? 'NotReady',
      `No pod of ${titleOf(ref)} serves: ${causeText(workspace)}.`,
      `See why: ${cluster.command('describe', ref)}.`,
    );
  await using forward = await portForward(cluster.client, {
    pod: refOf(pod as never),
    port: await targetPort(cluster, ref),
    onError: (error) => {
      const told = explained(error) as { readonly findings?: Parameters<typeof blocks>[0] };
      if (told.findings != null) session.terminal.err(blocks(told.findings, session.terminal.errStyle));
    },
  });
  const model = workspace.status?.plan?.model ?? workspace.inference?.preset?.name ?? 'model';
  const endpoint = {
    url: `http://${forward.host}:${forward.port}`,
    ...(options.apiKeyFile == null ? {} : { apiKey: await readKey(options.apiKeyFile) }),
  };
  return await talk(session, { title: `${titleOf(ref)} (${model}) ${cluster.where}`, endpoint, options });
}

/** Of a StatefulSet, whose pods are the ranks of one server, the first serves. */
function answers({ metadata }: Live<Pod>): boolean {
  const rank = metadata.ownerReferences?.some(({ kind }) => kind === 'StatefulSet') === true;
  return !rank || metadata.name?.endsWith('-0') === true;
}

/** The port in the pod behind the Service's first; KAITO's own where the Service cannot be read or names it otherwise. */
async function targetPort({ client }: Cluster, ref: WorkspaceRef): Promise<number> {
  const service = await client.get(services, ref).catch(() => undefined);
  const target = service?.spec?.ports?.[0]?.targetPort;
  return typeof target === 'number' ? target : servingPort;
}
