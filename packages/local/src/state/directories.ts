import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { LocalError } from '../local-error.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Where the local runner keeps its Workspaces: `KAITO_STATE`, else `$XDG_STATE_HOME/kaito`, else `~/.local/state/kaito`. */
export function stateDirectory(environment: Environment = process.env): string {
  const own = environment.KAITO_STATE;
  if (own !== undefined && own !== '') return resolve(own);
  const shared = environment.XDG_STATE_HOME;
  return join(shared !== undefined && shared !== '' ? resolve(shared) : join(homedir(), '.local', 'state'), 'kaito');
}

/**
 * Where weights are kept, as the weights package's own executable has it: `$KAITO_CACHE`, else `$XDG_CACHE_HOME/kaito`, else
 * `~/.cache/kaito`; in it `weights`. Stated here too, so that asking costs no load of that package.
 */
export function cacheDirectory(environment: Environment = process.env): string {
  const own = environment.KAITO_CACHE;
  if (own !== undefined && own !== '') return resolve(own, 'weights');
  const shared = environment.XDG_CACHE_HOME;
  return resolve(shared !== undefined && shared !== '' ? shared : join(homedir(), '.cache'), 'kaito', 'weights');
}

/** Kubernetes' DNS-1123 subdomain: what a Workspace may be called; never a path out of the state directory. */
const dnsName = /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/;

/** The files of one Workspace. Locks lie apart, because they must outlive the Workspace's own directory. */
export class WorkspacePaths {
  readonly namespace: string;
  readonly name: string;
  readonly directory: string;
  readonly locks: string;

  /** @throws LocalError `InvalidName` where a name is not a DNS-1123 subdomain. */
  constructor(state: string, namespace: string, name: string) {
    for (const part of [namespace, name]) {
      if (!dnsName.test(part)) {
        throw new LocalError(
          'InvalidName',
          `"${part}" is no name for a Workspace or namespace`,
          'use lower-case letters, digits, "-" and "."',
        );
      }
    }
    this.namespace = namespace;
    this.name = name;
    this.directory = join(state, 'workspaces', namespace, name);
    this.locks = join(state, 'locks', namespace, name);
  }

  get workspace(): string {
    return join(this.directory, 'workspace.json');
  }
  get plan(): string {
    return join(this.directory, 'plan.json');
  }
  get settings(): string {
    return join(this.directory, 'settings.json');
  }
  get status(): string {
    return join(this.directory, 'status.json');
  }
  /** The server process that runs now. */
  get server(): string {
    return join(this.directory, 'server.json');
  }
  /** Exists once the Workspace's end was asked for. */
  get deleting(): string {
    return join(this.directory, 'deleting');
  }
  get serverLog(): string {
    return join(this.directory, 'server.log');
  }
  get supervisorLog(): string {
    return join(this.directory, 'supervisor.log');
  }
  /** Held by whoever changes what is wanted: up and down. */
  get operationLock(): string {
    return join(this.locks, 'operation');
  }
  /** Held by the supervisor as long as it lives. */
  get supervisorLock(): string {
    return join(this.locks, 'supervisor');
  }
}
