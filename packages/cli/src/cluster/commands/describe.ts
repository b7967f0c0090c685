import type { Workspace } from '@kaito/api';
import type { Live } from '@kaito/kube';
import { exitCode, type ExitCode } from '../../failure.ts';
import { type Format, isData, writeData } from '../../output.ts';
import type { Session } from '../../session.ts';
import { age } from '../../terminal/quantity.ts';
import type { Style } from '../../terminal/style.ts';
import { fields, table } from '../../terminal/table.ts';
import { printable } from '../../terminal/terminal.ts';
import { titleOf } from '../../workspace/lookup.ts';
import { conditionsSection, phasesSection, rootCauseSection, section } from '../../workspace/sections.ts';
import type { Cluster } from '../connect.ts';
import { lastSeen, type Surroundings, surroundingsOf } from '../gather.ts';
import { lookUp, refOf } from '../lookup.ts';
import { stateOf, typeOf } from '../machines.ts';
import { gpusOf, isReadyNode } from '../nodes.ts';
import { isReadyPod, podState, restartsOf } from '../pod-state.ts';
import { standingOf } from '../standing.ts';

interface Options {
  readonly namespace?: string;
  readonly output?: Format;
}

/** Events that fit on the screen with the rest. */
const mostEvents = 12;

/** `kaito describe` on a cluster: how a Workspace stands and why, with its machines, pods and events. */
export async function describe(
  session: Session,
  cluster: Cluster,
  name: string | undefined,
  { namespace, output }: Options,
): Promise<ExitCode> {
  const { terminal, now } = session;
  const workspace = await lookUp(cluster, name, namespace);
  const around = await surroundingsOf(cluster, workspace);
  if (isData(output)) await writeData(terminal, output, { workspace, ...around });
  else terminal.out(describeText(workspace, around, { cluster, now: now(), style: terminal.outStyle }));
  return exitCode.done;
}

interface Showing {
  readonly cluster: Pick<Cluster, 'where' | 'flags' | 'command'>;
  /** ms. */
  readonly now: number;
  readonly style: Style;
}

/** The description as text. */
export function describeText(workspace: Live<Workspace>, around: Surroundings, showing: Showing): string {
  const { cluster, now, style } = showing;
  const ref = refOf(workspace);
  const standing = standingOf(workspace, now, cluster.flags);
  const { status, resource, inference } = workspace;
  const plan = status?.plan;
  const good = ['Ready', 'Running', 'Succeeded'].includes(standing.state);
  const behind = (status?.observedGeneration ?? 0) < (workspace.metadata.generation ?? 0);
  const parts = [
    fields([
      ['Name', style.bold(titleOf(ref))],
      ['Target', `${cluster.where}, namespace ${ref.namespace}`],
      ['State', (good ? style.green : style.yellow)(status?.state ?? 'unknown: no operator has looked at it yet')],
      ['Changed', status != null && behind ? 'the operator has not looked at the latest change yet' : undefined],
      ['Endpoint', standing.endpoint],
      ['Model', plan?.model ?? inference?.preset?.name],
      ['Image', plan?.image],
      [
        'Shape',
        plan?.replicas == null
          ? undefined
          : [
              `${plan.replicas} pod${plan.replicas === 1 ? '' : 's'}`,
              ...((plan.gpusPerPod ?? 0) > 0 ? [`${plan.gpusPerPod} GPU${plan.gpusPerPod === 1 ? '' : 's'} each`] : []),
              ...(plan.contextLength == null ? [] : [`${plan.contextLength} tokens per request`]),
            ].join(', '),
      ],
      ['Machines', machinesText(resource, plan)],
      ['Age', age(workspace.metadata.creationTimestamp, now)],
    ]),
    rootCauseSection(standing, style),
    phasesSection(standing, style),
    conditionsSection(standing, now, style),
    ...surroundingsText(around, showing),
    `\nLogs: ${cluster.command('logs', ref)}\n`,
  ];
  return parts.join('');
}

function machinesText(
  resource: Workspace['resource'],
  plan: NonNullable<Workspace['status']>['plan'],
): string | undefined {
  const type = resource?.instanceType ?? '';
  if (type === '') return 'existing nodes only';
  return `${plan?.machines ?? resource?.count ?? 1} × ${type}${plan?.price == null ? '' : `, ${plan.price}`}`;
}

const notPermitted = (what: string) => () => `you have no right to see ${what}\n`;

function surroundingsText({ claims, nodes, pods, events }: Surroundings, { now, style }: Showing): string[] {
  const shown = (events ?? []).slice(-mostEvents);
  return [
    claims == null
      ? section('NodeClaims', style, 1, notPermitted('NodeClaims'))
      : section('NodeClaims', style, claims.length, () =>
          table(claims, [
            { header: 'NAME', value: ({ metadata }) => metadata.name ?? '' },
            { header: 'TYPE', value: typeOf },
            { header: 'STATE', value: (claim) => stateOf(claim).state },
            { header: 'NODE', value: ({ status }) => status?.nodeName ?? '' },
            { header: 'AGE', value: ({ metadata }) => age(metadata.creationTimestamp, now) },
            { header: 'MESSAGE', value: (claim) => printable(stateOf(claim).message) },
          ]),
        ),
    nodes == null
      ? section('Nodes', style, 1, notPermitted('nodes'))
      : section('Nodes', style, nodes.length, () =>
          table(nodes, [
            { header: 'NAME', value: ({ metadata }) => metadata.name ?? '' },
            { header: 'TYPE', value: ({ metadata }) => metadata.labels?.['node.kubernetes.io/instance-type'] ?? '' },
            {
              header: 'STATE',
              value: (node) =>
                `${isReadyNode(node) ? 'Ready' : 'NotReady'}${node.spec?.unschedulable === true ? ', cordoned' : ''}`,
            },
            { header: 'GPUS', value: (node) => String(gpusOf(node)), align: 'right' },
            { header: 'AGE', value: ({ metadata }) => age(metadata.creationTimestamp, now) },
          ]),
        ),
    pods == null
      ? section('Pods', style, 1, notPermitted('pods'))
      : section('Pods', style, pods.length, () =>
          table(pods, [
            { header: 'NAME', value: ({ metadata }) => metadata.name ?? '' },
            { header: 'READY', value: (pod) => (isReadyPod(pod) ? 'yes' : 'no') },
            { header: 'STATUS', value: podState },
            { header: 'RESTARTS', value: (pod) => String(restartsOf(pod)), align: 'right' },
            { header: 'NODE', value: ({ spec }) => spec?.nodeName ?? '<none>' },
            { header: 'AGE', value: ({ metadata }) => age(metadata.creationTimestamp, now) },
          ]),
        ),
    events == null
      ? section('Events', style, 1, notPermitted('events'))
      : section(
          `Events${events.length > shown.length ? `, the last ${shown.length} of ${events.length}` : ''}`,
          style,
          shown.length,
          () =>
            table(shown, [
              { header: 'AGE', value: (event) => age(lastSeen(event), now) },
              { header: 'TYPE', value: ({ type = '' }) => (type === 'Warning' ? style.yellow(type) : type) },
              { header: 'REASON', value: ({ reason = '' }) => reason },
              {
                header: 'OBJECT',
                value: ({ involvedObject: { kind = '', name = '' } }) => `${kind.toLowerCase()}/${name}`,
              },
              { header: 'MESSAGE', value: ({ message = '' }) => printable(message).trim().replaceAll(/\s+/g, ' ') },
            ]),
        ),
  ];
}
