/** A word of a command as a shell takes it: as it stands where that is safe, else in single quotes. */
export function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

/** A command line to copy. */
export function lineOf(words: readonly string[]): string {
  return words.map((word) => quoted(word)).join(' ');
}

/** The flags that name a cluster again in a command of ours. */
export function againFlags(flags: {
  readonly resourceGroup: string;
  readonly name: string;
  readonly subscription?: string;
  readonly context?: string;
  readonly kubeconfig?: string;
}): string {
  const rest = (['subscription', 'context', 'kubeconfig'] as const).flatMap((flag) => {
    const value = flags[flag];
    return value == null ? [] : [` --${flag} ${quoted(value)}`];
  });
  return `${groupAndName(flags)}${rest.join('')}`;
}

/** `-g RG -n NAME` of a resource. */
export function groupAndName({
  resourceGroup,
  name,
}: {
  readonly resourceGroup: string;
  readonly name: string;
}): string {
  return `-g ${quoted(resourceGroup)} -n ${quoted(name)}`;
}

/** The subscription that az commands act on has to be the one that the person has named. */
export function subscriptionNote({ subscription }: { readonly subscription?: string }): readonly string[] {
  return subscription == null
    ? []
    : [`az commands are for the subscription ${subscription}: az account set --subscription ${quoted(subscription)}`];
}
