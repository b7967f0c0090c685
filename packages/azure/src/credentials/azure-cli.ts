import { AzureError } from '../errors/azure-error.ts';
import type { Environment } from '../environment.ts';
import { numberOf, objectOf, textOf } from '../json.ts';
import { silentLogger } from '../logger.ts';
import type { Logger } from '../logger.ts';
import { CachedCredential } from './cached-credential.ts';
import type { Credential } from './credential.ts';
import { runAz } from './run-az.ts';
import type { AzOptions } from './run-az.ts';
import type { Clock } from '../clock.ts';

export interface AzureCliOptions {
  readonly env: Environment;
  readonly clock: Clock;
  readonly logger?: Logger;
  /** Which login, where there are several: by its subscription. */
  readonly subscriptionId?: string | undefined;
}

/** What a person is logged in to with the Azure CLI. */
export interface AzureCliAccount {
  readonly subscriptionId: string;
  readonly subscriptionName: string;
  readonly tenantId: string;
  /** As the CLI names it, e.g. `AzureCloud`. */
  readonly cloud: string;
  readonly user: string;
}

/** Tokens of the Azure CLI's login, for people at a terminal. */
export function azureCli(options: AzureCliOptions): Credential {
  const { env, clock, logger = silentLogger, subscriptionId } = options;
  return new CachedCredential(
    async (audience) => {
      const which = subscriptionId === undefined ? [] : ['--subscription', subscriptionId];
      const answer = objectOf(
        await runAz(['account', 'get-access-token', '--resource', audience, ...which], { env, clock }),
      );
      const value = textOf(answer?.['accessToken']);
      const seconds = numberOf(answer?.['expires_on']);
      // Older CLIs only tell it in local time, without a zone.
      const local = Date.parse((textOf(answer?.['expiresOn']) ?? '').replace(' ', 'T'));
      const expiresAt = seconds === undefined ? local : seconds * 1000;
      if (value === undefined || Number.isNaN(expiresAt)) throw unreadable('account get-access-token');
      return { value, expiresAt };
    },
    { clock, logger },
  );
}

/** The subscription that is active in the Azure CLI. @throws AzureError `NoCredential` */
export async function azureCliAccount(options: AzOptions): Promise<AzureCliAccount> {
  const account = objectOf(await runAz(['account', 'show'], options));
  const subscriptionId = textOf(account?.['id']);
  const tenantId = textOf(account?.['tenantId']);
  if (subscriptionId === undefined || tenantId === undefined) throw unreadable('account show');
  return {
    subscriptionId,
    tenantId,
    subscriptionName: textOf(account?.['name']) ?? subscriptionId,
    cloud: textOf(account?.['environmentName']) ?? 'AzureCloud',
    user: textOf(objectOf(account?.['user'])?.['name']) ?? '',
  };
}

function unreadable(command: string): AzureError {
  return new AzureError('NoCredential', {
    message: `az ${command} answered with something that cannot be read`,
    remedy: `update the Azure CLI: az upgrade; see what it says: az ${command} --output json`,
    retry: 'later',
  });
}
