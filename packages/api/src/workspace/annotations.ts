import type { Finding } from '../finding.ts';
import { bypassResourceChecksAnnotation, enableLoadBalancerAnnotation } from '../labels.ts';
import { formatPath } from '../path.ts';
import { describeValue } from '../structural/describe.ts';
import { nearest } from '../structural/suggestion.ts';

/** Annotations that switch something here. */
const acted: readonly string[] = [enableLoadBalancerAnnotation, bypassResourceChecksAnnotation];

/** Annotations that switch something in other versions of KAITO, and nothing here. */
const withoutEffect: readonly string[] = [
  'kaito.sh/runtime',
  'kaito.sh/node-image-family',
  'kaito.sh/node-class-name',
  'kaito.sh/disable-benchmark',
  'kaito.sh/performance-mode',
  'kaito.sh/use-local-weights',
  'kaito.sh/model-streaming',
  'kaito.sh/model-mirror-storage-class',
  'kaito.sh/streaming-service-account',
  'inference.kaito.sh/static-model-mirror',
  'inference.kaito.sh/stream-datarefs-url',
  'inference.kaito.sh/stream-identity-client-id',
  'inference.kaito.sh/stream-source-type',
];

/** Written by controllers as their own memory. */
const bookkeeping: readonly string[] = [
  'kaito.sh/upgrade-start-time',
  'workspace.kaito.io/hash',
  'workspace.kaito.io/revision',
];

/** Warnings about annotations of `kaito.sh` whose key or value does not do what it seems to. */
export function annotationFindings(annotations: Readonly<Record<string, string>>): Finding[] {
  const findings: Finding[] = [];
  const warn = (key: string, code: string, message: string, remedy: string): void => {
    findings.push({ code, severity: 'warning', path: formatPath(['metadata', 'annotations', key]), message, remedy });
  };
  for (const [key, value] of Object.entries(annotations)) {
    if (key === enableLoadBalancerAnnotation) {
      if (value !== 'True') {
        const off = /^(false|no|off|)$/i.test(value);
        const remedy = off ? 'Remove the annotation.' : `Write ${key}: "True".`;
        warn(
          key,
          'InvalidValue',
          `${key} is ${describeValue(value)}; only "True", so spelt, makes the Service a load balancer.`,
          remedy,
        );
      }
    } else if (key === bypassResourceChecksAnnotation) {
      if (/^(false|no|off)$/i.test(value)) {
        warn(
          key,
          'InvalidValue',
          `${key} acts by being there; its value ${JSON.stringify(value)} does not switch it off.`,
          'Remove the annotation.',
        );
      }
    } else if (withoutEffect.includes(key)) {
      warn(key, 'NotSupported', `${key} has no effect here.`, 'Remove the annotation.');
    } else if (/(^|\.)kaito\.(sh|io)(\/|$)/.test(key.split('/', 1)[0]!) && !bookkeeping.includes(key)) {
      const meant = nearest(key, [...acted, ...withoutEffect]);
      const remedy = meant === undefined ? `Those known are ${acted.join(', ')}.` : `Did you mean ${meant}?`;
      warn(key, 'UnknownAnnotation', `${key.slice(0, 100)} is no annotation of KAITO; it has no effect.`, remedy);
    }
  }
  return findings;
}
