import type { Client } from '../client/client.ts';
import { isForbidden, isNotFound } from '../client/errors.ts';
import type { Clock } from '../clock.ts';
import { Backoff } from '../informer/backoff.ts';
import { createInformer } from '../informer/create-informer.ts';
import type { Logger } from '../logger.ts';
import type { Runnable } from '../manager/runnable.ts';
import type { KubeObject, Resource } from '../object.ts';
import { mutatingWebhookConfigurations, validatingWebhookConfigurations } from '../resources.ts';
import type { CertificateKeeper } from './certificates/keeper.ts';
import { Wake } from './certificates/wake.ts';

/** What both kinds of configuration have in common. */
type Configuration = KubeObject & {
  readonly webhooks?: readonly { readonly name: string; readonly clientConfig: { readonly caBundle?: string } }[];
};

export interface CaBundleOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly kind: 'ValidatingWebhookConfiguration' | 'MutatingWebhookConfiguration';
  /** The configuration; all of its webhooks get the bundle. */
  readonly configuration: string;
  readonly authorities: Pick<CertificateKeeper, 'authorities' | 'onAuthoritiesChange'>;
  readonly fieldManager?: string;
  /** Uniform in [0, 1); default `Math.random`. */
  readonly random?: () => number;
}

/**
 * Writes the authorities into `clientConfig.caBundle` of every webhook of one configuration, and nothing else, whenever it differs: after a change of
 * the authorities, and when somebody resets it. Idempotent, so every replica may run one. Needs get, list, watch and patch on that
 * configuration by name; waits where it does not exist.
 */
export function createCaBundleKeeper(options: CaBundleOptions): Runnable {
  const { client, clock, logger, configuration: name, kind, authorities } = options;
  const resource: Resource<Configuration> =
    kind === 'ValidatingWebhookConfiguration' ? validatingWebhookConfigurations : mutatingWebhookConfigurations;
  const backoff = new Backoff(options.random ?? Math.random);
  const informer = createInformer({
    client,
    resource,
    clock,
    logger,
    fieldSelector: `metadata.name=${name}`,
    ...(options.random === undefined ? {} : { random: options.random }),
  });
  let problem: string | undefined;

  async function look(signal: AbortSignal): Promise<void> {
    const bundle = authorities.authorities;
    const configuration = informer.get({ name });
    if (bundle === undefined || configuration === undefined) return;
    const caBundle = Buffer.from(bundle).toString('base64');
    const outdated = (configuration.webhooks ?? []).filter((webhook) => webhook.clientConfig.caBundle !== caBundle);
    if (outdated.length > 0) {
      // A strategic merge finds webhooks by their name, in whatever order they are by then.
      const webhooks = outdated.map((webhook) => ({ name: webhook.name, clientConfig: { caBundle } }));
      const patched = await client.patch(
        resource,
        { name },
        { type: 'strategic', body: { webhooks } },
        { signal, ...(options.fieldManager === undefined ? {} : { fieldManager: options.fieldManager }) },
      );
      informer.remember(patched);
      logger.log('info', 'wrote the caBundle', { configuration: name, webhooks: webhooks.map((each) => each.name) });
    }
    problem = undefined;
  }

  function failed(error: unknown): number {
    if (isNotFound(error)) return Infinity;
    const wait = backoff.next();
    problem = `the caBundle of the ${kind} ${name} cannot be written: ${error instanceof Error ? error.message : String(error)}`;
    logger.log('warn', problem, {
      waitMs: Math.round(wait),
      ...(isForbidden(error) ? { remedy: `allow get, list, watch and patch on the ${kind} ${name}` } : {}),
      error,
    });
    return wait;
  }

  return {
    name: `ca-bundle/${name}`,
    group: 'webhooks',
    notReady: () => problem,
    async run(signal) {
      const wake = new Wake(clock, signal);
      const unsubscribe = [informer.onChange(() => wake.now()), authorities.onAuthoritiesChange(() => wake.now())];
      const watching = informer.run(signal);
      try {
        await informer.whenSynced(signal).catch(() => undefined);
        while (!signal.aborted) {
          let wait = Infinity;
          try {
            await look(signal);
          } catch (error) {
            if (signal.aborted) return;
            wait = failed(error);
          }
          await wake.within(wait);
        }
      } finally {
        for (const stop of unsubscribe) stop();
        await watching;
      }
    },
  };
}
