import type { Finding } from '../finding.ts';
import {
  adoptAnnotation,
  bypassResourceChecksAnnotation,
  enableLoadBalancerAnnotation,
  internalLoadBalancerAnnotation,
  surgeAnnotation,
  updateAnnotation,
  updateWindowAnnotation,
} from '../labels.ts';
import { formatPath } from '../path.ts';
import { describeValue } from '../structural/describe.ts';
import { parseUpdateWindow } from '../updates/update-window.ts';
import { nearest } from '../structural/suggestion.ts';

interface Complaint {
  readonly severity: Finding['severity'];
  readonly message: string;
  readonly remedy: string;
}

/** Annotations that switch something here, with what is wrong with a value; undefined where nothing is. */
const acted: Readonly<Record<string, (value: string, key: string) => Complaint | undefined>> = {
  [enableLoadBalancerAnnotation]: spelt('True', 'makes the Service a load balancer'),
  [internalLoadBalancerAnnotation]: spelt('True', 'gives the load balancer an internal address'),
  [bypassResourceChecksAnnotation]: (value, key) =>
    isOff(value) && value !== ''
      ? warning(
          `${key} acts by being there; its value ${JSON.stringify(value)} does not switch it off.`,
          'Remove the annotation.',
        )
      : undefined,
  [updateAnnotation]: (value, key) =>
    value === 'now' || /-[0-9a-f]{8}$/.test(value)
      ? undefined
      : warning(`${key} is ${describeValue(value)}, neither "now" nor the name of a revision.`, `Write ${key}: "now".`),
  [updateWindowAnnotation]: unreadableWindow,
  [surgeAnnotation]: spelt('node', 'allows a machine more for the time of a rollout'),
  [adoptAnnotation]: spelt('true', 'takes over what another KAITO made'),
};

function warning(message: string, remedy: string): Complaint {
  return { severity: 'warning', message, remedy };
}

function isOff(value: string): boolean {
  return /^(false|no|off|)$/i.test(value);
}

function spelt(only: string, effect: string) {
  return (value: string, key: string): Complaint | undefined =>
    value === only
      ? undefined
      : warning(
          `${key} is ${describeValue(value)}; only "${only}", so spelt, ${effect}.`,
          isOff(value) ? 'Remove the annotation.' : `Write ${key}: "${only}".`,
        );
}

function unreadableWindow(value: string, key: string): Complaint | undefined {
  try {
    parseUpdateWindow(value);
    return undefined;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return {
      severity: 'error',
      message: `${key} cannot be read: ${error.message}.`,
      remedy:
        'Write five fields of cron in UTC and a duration, e.g. "0 2 * * 6 4h": Saturdays from 02:00 for four hours.',
    };
  }
}

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

/** About annotations of `kaito.sh` whose key or value does not do what it seems to. */
export function annotationFindings(annotations: Readonly<Record<string, string>>): Finding[] {
  const findings: Finding[] = [];
  const add = (key: string, code: string, complaint: Complaint): void => {
    findings.push({ code, path: formatPath(['metadata', 'annotations', key]), ...complaint });
  };
  for (const [key, value] of Object.entries(annotations)) {
    const check = Object.hasOwn(acted, key) ? acted[key] : undefined;
    if (check !== undefined) {
      const complaint = check(value, key);
      if (complaint !== undefined) add(key, 'InvalidValue', complaint);
    } else if (withoutEffect.includes(key)) {
      add(key, 'NotSupported', warning(`${key} has no effect here.`, 'Remove the annotation.'));
    } else if (/(^|\.)kaito\.(sh|io)(\/|$)/.test(key.split('/', 1)[0]!) && !bookkeeping.includes(key)) {
      const known = Object.keys(acted);
      const meant = nearest(key, [...known, ...withoutEffect]);
      const remedy = meant === undefined ? `Those known are ${known.join(', ')}.` : `Did you mean ${meant}?`;
      const message = `${key.slice(0, 100)} is no annotation of KAITO; it has no effect.`;
      add(key, 'UnknownAnnotation', warning(message, remedy));
    }
  }
  return findings;
}
