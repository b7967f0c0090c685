import {
  type ClusterConfig,
  createClient,
  loadConfig,
  type Logger,
  type StreamingClient,
  silentLogger,
  systemClock,
} from '@kaito/kube';
import type { ExitCode } from '../failure.ts';
import { block } from '../failure.ts';
import { withCommandName } from '../program/command-name.ts';
import type { Session } from '../session.ts';
import { printable } from '../terminal/terminal.ts';
import type { ClusterTarget } from '../workspace/target.ts';
import { explained } from './explain.ts';

/** A cluster that a command acts on. */
export interface Cluster {
  readonly client: StreamingClient;
  readonly config: ClusterConfig;
  /** Where a person names no namespace. */
  readonly namespace: string;
  /** For outputs: `on cluster prod`. */
  readonly where: string;
  /** The flags that name it again in another command, with a blank before them. */
  readonly flags: string;
  /** A command on it to copy: `kaito describe demo -n team --context prod`. */
  command(verb: string, of?: { readonly namespace: string; readonly name: string }, flags?: string): string;
}

/** What the API server's warnings are told to; one text is told once. */
function warningsOn({ terminal }: Session): (text: string) => void {
  const told = new Set<string>();
  return (text) => {
    if (told.has(text)) return;
    told.add(text);
    terminal.err(block({ code: 'AdmissionWarning', severity: 'warning', message: printable(text) }, terminal.errStyle));
  };
}

/** Connects, runs `work` and disconnects. Nothing is sent before `work` does. Throws a Failure for whatever the API server refuses. */
export async function onCluster(
  session: Session,
  target: ClusterTarget,
  work: (cluster: Cluster) => Promise<ExitCode>,
): Promise<ExitCode> {
  const { terminal } = session;
  let config: ClusterConfig;
  try {
    config = loadConfig({
      clock: systemClock,
      env: terminal.env,
      terminal: terminal.inIsTerminal,
      say: (text) => terminal.err(text),
      ...(target.context == null ? {} : { context: target.context }),
      ...(target.kubeconfig == null ? {} : { kubeconfig: target.kubeconfig }),
    });
  } catch (error) {
    throw explained(error);
  }
  const client = createClient(config, {
    clock: systemClock,
    logger: silentLogger,
    userAgent: 'kaito-cli',
    onWarning: warningsOn(session),
  });
  try {
    return await work({
      client,
      config,
      namespace: config.namespace,
      where: `on cluster ${config.context ?? new URL(config.server).host}`,
      flags: target.flags,
      command: (verb, of, flags = '') => {
        const scope = of == null || of.namespace === config.namespace ? '' : ` -n ${of.namespace}`;
        const line = `kaito ${verb}${of == null ? '' : ` ${of.name}`}${scope}${flags}${target.flags}`;
        return withCommandName(line, terminal.env);
      },
    });
  } catch (error) {
    throw explained(error);
  } finally {
    client.close();
  }
}

/** A Logger whose warnings and errors go to `say`, one text once: a watch that breaks off tells so and goes on. */
export function loggerTo(say: (line: string) => void): Logger {
  const told = new Set<string>();
  const logger: Logger = {
    log(level, message, fields) {
      if (level === 'debug' || level === 'info') return;
      const { error } = fields ?? {};
      const text = error instanceof Error ? `${message}: ${error.message}` : message;
      if (told.has(text)) return;
      told.add(text);
      say(text);
    },
    with: () => logger,
  };
  return logger;
}
