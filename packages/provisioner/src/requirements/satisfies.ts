import { instanceTypeLabel, type NodeRequirement, skuNameLabel } from '@kaito/api';

/** Azure compares names of sizes whatever their case. */
const caseless: readonly string[] = [instanceTypeLabel, skuNameLabel];

/** Whether a label of this value (undefined: no such label) is what the requirement wants; Karpenter's operators. */
export function satisfies({ key, operator, values = [] }: NodeRequirement, value: string | undefined): boolean {
  const same = (other: string): boolean =>
    caseless.includes(key) ? other.toLowerCase() === value?.toLowerCase() : other === value;
  switch (operator) {
    case 'In':
      return values.some(same);
    case 'NotIn':
      return !values.some(same);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    case 'Gt':
      return value !== undefined && Number(value) > Number(values[0]);
    case 'Lt':
      return value !== undefined && Number(value) < Number(values[0]);
  }
}

/** The requirement as a person would read it: `topology.kubernetes.io/zone NotIn [westus3-1]`. */
export function requirementText({ key, operator, values }: NodeRequirement): string {
  return values === undefined || values.length === 0
    ? `${key} ${operator}`
    : `${key} ${operator} [${values.join(', ')}]`;
}
