import {
  type Client,
  type Clock,
  createInformer,
  deployments,
  type Informer,
  isForbidden,
  type KubeObject,
  type Logger,
  type Runnable,
  silentLogger,
  validatingWebhookConfigurations,
} from '@kaito/kube';
import { deploymentSelectors, foreignAdmission, isOurs, nameOf, type OwnWebhook, roleOf } from './operators.ts';

/** The name under which every KAITO registers its webhook for Workspaces. */
export const workspaceWebhookName = 'validation.workspace.kaito.sh';

export interface NeighbourOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly own: OwnWebhook;
}

export interface NeighbourWatch extends Runnable {
  /** Names another operator that looks after Workspaces here; undefined where there is none, or where that cannot be seen. */
  neighbour(): string | undefined;
  /** Called whenever `neighbour` says something else than before: all Workspaces are to be looked at. Returns the way to stop. */
  onChange(handler: () => void): () => void;
}

interface Watch {
  readonly what: string;
  readonly informer: Informer;
  /** For the question whether it may be watched at all. */
  readonly selection: { readonly labelSelector?: string; readonly fieldSelector?: string };
}

/**
 * Watches for another KAITO: a webhook for Workspaces that is not ours, or a ready Deployment of the Go operator, from its chart or from
 * Microsoft's add-on. A provisioner beside ours is no neighbour: it fulfils NodeClaims; two at once are told in the log. What it has no right
 * to see counts as not there, with one line in the log.
 */
export function createNeighbourWatch({ client, clock, logger, own }: NeighbourOptions): NeighbourWatch {
  const informerOf = <T extends KubeObject>(resource: Informer<T>['resource'], selection: Watch['selection']) =>
    createInformer<T>({ client, clock, logger: silentLogger, resource, ...selection });
  const byName = { fieldSelector: `metadata.name=${workspaceWebhookName}` };
  const webhooks = informerOf(validatingWebhookConfigurations, byName);
  const operators = deploymentSelectors.map((labelSelector) => ({
    labelSelector,
    informer: informerOf(deployments, { labelSelector }),
  }));
  const watches: readonly Watch[] = [
    { what: 'validatingwebhookconfigurations', informer: webhooks as unknown as Informer, selection: byName },
    ...operators.map(({ informer, labelSelector }) => ({
      what: 'deployments',
      informer: informer as unknown as Informer,
      selection: { labelSelector },
    })),
  ];
  const handlers = new Set<() => void>();
  const known = Promise.withResolvers<void>();
  let found: string | undefined;
  let machinesBy = '';

  const look = () => {
    const there = new Map(
      operators.flatMap(({ informer }) => informer.list()).map((each) => [each.metadata.uid, each]),
    );
    const all = [...there.values()].toSorted((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
    const operator = all.find((each) => roleOf(each) === 'operator' && !isOurs(each));
    const admission = webhooks.list().flatMap((each) => foreignAdmission(each, own) ?? [])[0];
    tellProvisioners(all.filter((each) => roleOf(each) === 'provisioner').map((each) => nameOf(each)));
    const next = operator === undefined ? admission : `another KAITO, ${nameOf(operator)}`;
    if (next === found) return;
    found = next;
    if (next === undefined) logger.log('info', 'no other operator looks after Workspaces any more');
    else logger.log('warn', 'another operator looks after Workspaces: ours only looks on', { neighbour: next });
    for (const handler of handlers) handler();
  };
  const tellProvisioners = (names: readonly string[]) => {
    const text = names.length > 1 ? names.join(', ') : '';
    if (text !== machinesBy && text !== '') {
      logger.log('warn', 'several provisioners answer the same NodeClaims: stop all but one', { provisioners: text });
    }
    machinesBy = text;
  };

  /** Whether it may be seen; one line in the log where not. */
  const maySee = async ({ what, informer, selection }: Watch, signal: AbortSignal): Promise<boolean> => {
    try {
      await client.list(informer.resource, { ...selection, pageSize: 1, signal });
      return true;
    } catch (error) {
      // What passes by itself the informer tries again.
      if (!isForbidden(error)) return true;
      logger.log('warn', `other operators cannot be seen: no right to list ${what}`, {
        remedy: `grant get, list and watch of ${what} by the chart of this version`,
        selection: Object.values(selection).join(),
      });
      return false;
    }
  };

  return {
    name: 'neighbour',
    group: 'caches',
    neighbour: () => found,
    onChange(handler) {
      handlers.add(handler);
      return () => handlers.delete(handler);
    },
    ready: () => known.promise,
    async run(signal) {
      const seen = await Promise.all(
        watches.map(async (watch) => ((await maySee(watch, signal)) ? watch.informer : [])),
      );
      const informers = seen.flat();
      const running = Promise.all(informers.map((informer) => informer.run(signal)));
      const leave = await Promise.all(informers.map((informer) => informer.whenSynced(signal))).then(() => {
        look();
        known.resolve();
        return informers.map((informer) => informer.onChange(look));
      }, stopped);
      await running;
      for (const end of leave) end();

      function stopped(error: unknown): (() => void)[] {
        if (!signal.aborted) throw error;
        return [];
      }
    },
  };
}
