import { type Live, podLogs } from '@kaito/kube';
import type { Pod } from 'kubernetes-types/core/v1.js';
import { exitCode, type ExitCode, failure } from '../../failure.ts';
import type { Session } from '../../session.ts';
import { printable } from '../../terminal/terminal.ts';
import { titleOf } from '../../workspace/lookup.ts';
import { refuseFlags } from '../../workspace/target.ts';
import type { Cluster } from '../connect.ts';
import { causeText } from '../follow.ts';
import { podsOf } from '../gather.ts';
import { lookUp, refOf } from '../lookup.ts';
import { type Started, startedIn, untilStarted } from '../containers.ts';

export interface LogsFlags {
  readonly namespace?: string;
  readonly follow?: boolean;
  readonly tail?: number;
  readonly container?: string;
  readonly previous?: boolean;
}

/**
 * `kaito logs` on a cluster: of each pod the container at work, which is the server once it has started and before that the one that fetches
 * the weights; `--follow` goes from one to the next.
 */
export async function logs(
  session: Session,
  cluster: Cluster,
  name: string | undefined,
  options: LogsFlags,
): Promise<ExitCode> {
  refuseFlags(options, ['--supervisor'], `${cluster.where}: see the operator's log with kubectl logs`);
  const { terminal } = session;
  const workspace = await lookUp(cluster, name, options.namespace);
  const all = await podsOf(cluster, refOf(workspace));
  if (all.length === 0)
    throw failure(
      workspace.status?.rootCause?.code ?? 'NoPods',
      `${titleOf(refOf(workspace))} has no pod yet: ${causeText(workspace)}.`,
      `See why: ${cluster.command('describe', refOf(workspace))}.`,
    );
  const interrupt = session.interruptible();
  const write = (prefix: string, line: string) =>
    terminal.out(`${prefix}${terminal.outIsTerminal ? printable(line) : line}\n`);
  try {
    const print = async (pod: Live<Pod>) => {
      const prefix = all.length === 1 ? '' : terminal.outStyle.dim(`${pod.metadata.name} `);
      const say = (text: string) => terminal.err(`${prefix}${terminal.errStyle.dim(text)}\n`);
      for await (const { container, started } of containersOf(cluster, pod, options, {
        signal: interrupt.signal,
        say,
      })) {
        if (!started) continue;
        for await (const line of podLogs(cluster.client, refOf(pod as never), {
          container,
          ...(options.follow === true ? { follow: true } : {}),
          ...(options.tail == null ? {} : { tail: options.tail }),
          ...(options.previous === true ? { previous: true } : {}),
          signal: interrupt.signal,
        }))
          write(prefix, line);
      }
    };
    // Those that go on are read at once, else one after the other, so that no two are mixed.
    if (options.follow === true) await Promise.all(all.map(print));
    else for (const pod of all) await print(pod);
  } finally {
    interrupt.release();
  }
  return interrupt.signal.aborted ? exitCode.interrupted : exitCode.done;
}

interface Reading {
  readonly signal: AbortSignal;
  readonly say: (text: string) => void;
}

/** The containers of a pod to read, one after the other. Throws Failure where the one named does not exist, or none has started. */
async function* containersOf(
  cluster: Cluster,
  pod: Live<Pod>,
  { container, follow, previous }: LogsFlags,
  { signal, say }: Reading,
): AsyncGenerator<Started> {
  const name = pod.metadata.name ?? '';
  const known = startedIn(pod);
  if (container != null) {
    if (!known.some((each) => each.container === container))
      throw failure(
        'NotFound',
        `Pod ${name} has no container ${container}.`,
        `It has: ${known.map((each) => each.container).join(', ')}.`,
      );
    yield follow === true
      ? await untilStarted(cluster, pod, container, signal)
      : { container, started: true, initial: false };
    return;
  }
  const begun = known.findLastIndex(({ started }) => started);
  if (follow !== true) {
    const at = known[begun];
    if (at == null)
      throw failure(
        'NotStarted',
        `No container of pod ${name} has started.`,
        `Wait for it with --follow, or see why: ${cluster.command('describe')}.`,
      );
    if (at.initial && previous !== true) say(`The server has not started yet; this is container ${at.container}.`);
    yield at;
    return;
  }
  for (const each of known.slice(Math.max(begun, 0))) {
    const at = each.started ? each : await untilStarted(cluster, pod, each.container, signal);
    if (at.initial || known.length > 1) say(`Container ${at.container}:`);
    yield at;
  }
}
