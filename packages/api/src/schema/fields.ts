import { z } from 'zod';

/** One CEL rule of `x-kubernetes-validations`. */
export interface Rule {
  rule: string;
  message: string;
  reason?: 'FieldValueInvalid' | 'FieldValueForbidden' | 'FieldValueRequired';
  fieldPath?: string;
}

/** The `x-kubernetes-validations` extension, to be spread into `.meta()`. */
export function rules(...list: Rule[]): { 'x-kubernetes-validations': Rule[] } {
  return { 'x-kubernetes-validations': list };
}

/** A string of at most `max` characters. */
export function text(max: number, description: string): z.ZodString {
  return z.string().max(max).meta({ description });
}

/** The name of a Kubernetes object that is a DNS-1123 subdomain (Secrets, ConfigMaps). */
export function objectName(description: string): z.ZodString {
  return z
    .string()
    .max(253)
    .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/)
    .meta({ description });
}

/** A Kubernetes object embedded as it is written: any field is kept, none is checked. */
export function opaque(description: string): z.ZodType<Record<string, unknown>> {
  return z.looseObject({}).meta({ description });
}

/** A Kubernetes quantity: an integer, or a string such as `120Gi` or `500m`. */
export function quantity(description: string): z.ZodType<string | number> {
  return z.union([z.int(), z.string()]).meta({
    description,
    'x-kubernetes-int-or-string': true,
    pattern:
      '^(\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))))?$',
  });
}
