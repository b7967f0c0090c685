import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ManagedCluster } from '@kaito/azure';
import type { Format } from '../../output.ts';
import type { Session } from '../../session.ts';
import type { AksFlags } from '../cluster.ts';
import type { AzureAccess } from '../connect.ts';
import { type Programs, programsOf } from '../programs.ts';

export interface SetupFlags extends AksFlags {
  readonly contributor?: boolean;
  readonly identity?: string;
  readonly namespace?: string;
  readonly values?: string;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
  readonly takeOver?: boolean;
  readonly install?: boolean;
  readonly output?: Format;
}

/** What setup reaches beside Azure; replaced in tests. */
export interface SetupTools {
  readonly programs: Programs;
  readonly pause: (ms: number) => Promise<void>;
  /** Where the person is. */
  readonly directory: string;
  /** PEM of the authorities that this process trusts beside the usual ones. */
  readonly authorities?: string | undefined;
}

export function setupTools(session: Session): SetupTools {
  const extra = session.terminal.env['NODE_EXTRA_CA_CERTS'];
  return {
    programs: programsOf(session),
    pause: async (ms) => void (await sleep(ms)),
    directory: process.cwd(),
    authorities: extra != null && existsSync(extra) ? readFileSync(extra, 'utf8') : undefined,
  };
}

/** One run of setup. */
export interface Setup {
  readonly session: Session;
  readonly azure: AzureAccess;
  readonly flags: SetupFlags;
  readonly tools: SetupTools;
  readonly cluster: ManagedCluster;
  /** Of the provisioner. */
  readonly namespace: string;
  /** AKS' add-on is this cluster's KAITO and stays so: there is nothing for Helm to install. */
  readonly managedAddOn: boolean;
  /** File of Helm values. */
  readonly values: string;
}
