import type { AzureErrorCode } from '../azure-error.ts';
import type { ErrorFacts } from '../facts.ts';

/** What a call was about, as far as its path says it. */
export interface CallContext {
  readonly subscriptionId?: string;
  readonly resourceGroup?: string;
  /** Name of the AKS cluster. */
  readonly cluster?: string;
  readonly location?: string;
}

export interface Verdict {
  readonly code: AzureErrorCode;
  /** One sentence that needs nothing of Azure's own words. */
  readonly message: string;
  readonly remedy: string;
  readonly retry: 'soon' | 'later' | 'never';
  /** Which of Azure's codes tells it. */
  readonly azureCode?: string | undefined;
}

/** Recognises one kind of error; undefined: it is another. */
export type Rule = (facts: ErrorFacts, context: CallContext) => Verdict | undefined;

/** The first of Azure's codes that `pattern` matches. */
export function codeLike(facts: ErrorFacts, pattern: RegExp): string | undefined {
  return facts.codes.find((code) => pattern.test(code));
}

/** A command's argument: as it stands where the shell leaves it alone, else in quotes. */
export function argument(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

/** `--name C --resource-group G` of the cluster that a call was about. */
export function clusterArguments({ cluster, resourceGroup }: CallContext, flag = '--name'): string {
  return `${flag} ${argument(cluster ?? 'CLUSTER')} --resource-group ${argument(resourceGroup ?? 'RESOURCE_GROUP')}`;
}
