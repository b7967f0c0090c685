import { existsSync } from 'node:fs';
import type { Clock } from '../clock.ts';
import type { ClusterConfig } from './cluster-config.ts';
import { configOfContext } from './context.ts';
import { inClusterConfig, isInCluster } from './in-cluster.ts';
import { kubeconfigFiles, readKubeconfig } from './kubeconfig.ts';

export interface LoadConfigOptions {
  readonly clock: Clock;
  /** `--kubeconfig`: this file alone. */
  readonly kubeconfig?: string;
  /** `--context`. */
  readonly context?: string;
  /** Default: this process's. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Default: this user's. */
  readonly home?: string;
  /** A person sits at a terminal: exec plugins may ask. Default: standard input is one. */
  readonly terminal?: boolean;
  /** Where exec plugins' words to a person go; default: standard error. */
  readonly say?: (text: string) => void;
}

/**
 * The cluster to talk to: `--kubeconfig`, else `KUBECONFIG`, else `~/.kube/config`, else (where no context is asked for) the pod's own
 * ServiceAccount. Nothing is sent and no plugin run yet. @throws ConfigError
 */
export function loadConfig(options: LoadConfigOptions): ClusterConfig {
  const env = options.env ?? process.env;
  const from = {
    env,
    ...(options.kubeconfig === undefined ? {} : { kubeconfig: options.kubeconfig }),
    ...(options.home === undefined ? {} : { home: options.home }),
  };
  const named = options.kubeconfig !== undefined || options.context !== undefined;
  if (!named && isInCluster(env) && !kubeconfigFiles(from).some((file) => existsSync(file)))
    return inClusterConfig({ clock: options.clock, env });
  const kubeconfig = readKubeconfig(from);
  return configOfContext(kubeconfig, {
    clock: options.clock,
    env,
    terminal: options.terminal ?? process.stdin.isTTY === true,
    say: options.say ?? ((text) => void process.stderr.write(text)),
    ...(options.context === undefined ? {} : { context: options.context }),
  });
}
