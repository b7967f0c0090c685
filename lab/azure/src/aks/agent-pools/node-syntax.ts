/** Labels and taints as the Kubernetes API takes them. */

const part = '[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?';
const subdomain = '[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*';
const key = new RegExp(`^(?:(?=.{1,253}/)${subdomain}/)?${part}$`);
const value = new RegExp(`^(?:${part})?$`);

export const isLabelKey = (text: string): boolean => key.test(text);
export const isLabelValue = (text: string): boolean => value.test(text);

export interface Taint {
  readonly key: string;
  readonly value?: string;
  readonly effect: 'NoSchedule' | 'PreferNoSchedule' | 'NoExecute';
}

/** Reads `key=value:effect`; undefined where it is no taint. */
export function readTaint(text: string): Taint | undefined {
  const [, name = '', content, effect] =
    /^([^=:]+)(?:=([^:]*))?:(NoSchedule|PreferNoSchedule|NoExecute)$/.exec(text) ?? [];
  if (!isLabelKey(name) || (content !== undefined && !isLabelValue(content))) return undefined;
  return {
    key: name,
    ...(content !== undefined && content !== '' && { value: content }),
    effect: effect as Taint['effect'],
  };
}
