import type { RootCause } from '../../assessment.ts';
import { brief, withoutStop } from '../../brevity.ts';
import type { ContainerEvidence, PodEvidence } from '../../evidence.ts';
import { formatBytes } from '../../measure.ts';
import type { Policy, View } from '../policy.ts';
import { describePod, podLogs, scope } from './kubectl.ts';
import { type Ending, forContainers, lastEnding, nameOf } from './pods.ts';
import { lastWords, printedFault } from './words.ts';

const startErrors: ReadonlySet<string> = new Set([
  'CreateContainerConfigError',
  'CreateContainerError',
  'PreCreateHookError',
  'PreStartHookError',
  'RunContainerError',
  'PostStartHookError',
]);

/** The kubelet cannot make or start a container: a Secret or ConfigMap is missing, or its command is wrong. */
export const containerNotStarted: Policy = forContainers((view, pod, container): RootCause | undefined => {
  const { state, reason = '', message = '' } = container;
  if (state !== 'waiting' || !startErrors.has(reason)) return undefined;
  const absent = /\b(secret|configmap) "([^"]+)" not found/i.exec(message);
  const key = /couldn't find key (\S+) in (Secret|ConfigMap) (?:[^/\s]+\/)?(\S+)/.exec(message);
  const [kind, name, wanted] = key ? [key[2], key[3], key[1]] : [absent?.[1], absent?.[2], undefined];
  if (kind !== undefined && name !== undefined) {
    const secret = kind.toLowerCase() === 'secret';
    const shown = secret ? 'Secret' : 'ConfigMap';
    const literal = wanted ?? (secret && view.plan.runtime?.modelAccessSecret?.name === name ? 'HF_TOKEN' : '<key>');
    return {
      code: `${shown}Missing`,
      message: wanted === undefined ? `${shown} ${name} does not exist` : `${shown} ${name} has no key ${wanted}`,
      needs: 'person',
      remedy: `kubectl create ${secret ? 'secret generic' : 'configmap'} ${name}${scope(view)} --from-literal=${literal}=<value> --dry-run=client -o yaml | kubectl apply -f -`,
    };
  }
  return {
    code: 'ContainerStartError',
    message: brief(`${nameOf(pod, container)} cannot be started: ${withoutStop(message || reason)}`),
    needs: 'person',
    remedy: `see why: ${describePod(view, pod)}`,
  };
});

const passingFaults: ReadonlySet<string> = new Set(['NetworkUnreachable', 'ServerError', 'TooManyRequests', 'Aborted']);

/** An init container fails: the weights or an adapter do not come. Its own words are passed on. */
export const weightsNotFetched: Policy = forContainers((view, pod, container): RootCause | undefined => {
  const ending = container.init ? lastEnding(container) : undefined;
  if (ending === undefined || ending.exitCode === 0) return undefined;
  if (ending.reason === 'OOMKilled') return outOfMemory(view, pod, container);
  const fault = printedFault(ending.message);
  const logs = `read what it says: ${podLogs(view, pod, container.name, container.state !== 'terminated')}`;
  if (fault === undefined) {
    const words = lastWords(ending.message);
    return {
      code: 'InitContainerFailed',
      message: brief(
        `${nameOf(pod, container)} fails (exit code ${ending.exitCode})${words === '' ? '' : `: ${words}`}`,
      ),
      needs: 'person',
      remedy: logs,
    };
  }
  const message = brief(`the weights cannot be had: ${withoutStop(fault.message)}`);
  const remedy = fault.remedy ?? logs;
  return { code: fault.code, message, needs: passingFaults.has(fault.code) ? 'time' : 'person', remedy };
});

function outOfMemory(view: View, pod: PodEvidence, container: ContainerEvidence): RootCause {
  const needed = view.plan.memory?.device === 'host' ? view.plan.memory.requiredBytes : undefined;
  return {
    code: 'ContainerOOMKilled',
    message: brief(
      `${nameOf(pod, container)} was killed because it ran out of memory${needed === undefined ? '' : `; the Plan needs ${formatBytes(needed)}`}`,
    ),
    needs: 'person',
    remedy: 'take a machine with more memory, a smaller model or a shorter context: kaito machines',
  };
}

/** The kernel killed a container for its memory, now or in its last run. */
export const outOfHostMemory: Policy = forContainers((view, pod, container) =>
  lastEnding(container)?.reason === 'OOMKilled' ? outOfMemory(view, pod, container) : undefined,
);

interface Known {
  readonly code: string;
  readonly pattern: RegExp;
  readonly say: string;
  readonly remedy: (view: View) => string;
}

/** What the last words of an inference server mean. */
const knownWords: readonly Known[] = [
  {
    code: 'GPUMemoryExhausted',
    pattern:
      /CUDA out of memory|OutOfMemoryError|CUDA error: out of memory|cudaErrorMemoryAllocation|cudaMalloc failed|No available memory for the cache blocks|maximum number of tokens that can be stored in KV cache/,
    say: 'ran out of GPU memory',
    remedy: () => 'take a machine with more GPU memory, a smaller model or a shorter context: kaito machines',
  },
  {
    code: 'ModelAccessDenied',
    pattern: /gated repo|GatedRepoError|Cannot access gated|401 Client Error|Invalid (?:user )?(?:token|credentials)/i,
    say: 'may not read the model: it is gated, and the token is missing or wrong',
    remedy: (view) =>
      `accept the licence on the model's page, then name a Secret in presetOptions.modelAccessSecret: kubectl create secret generic <secret>${scope(view)} --from-literal=HF_TOKEN=<token>`,
  },
  {
    code: 'GPUNotUsable',
    pattern: /no CUDA-capable device|driver version is insufficient|Found no NVIDIA driver|nvidia-container-cli|NVML/,
    say: 'cannot use the GPU: its driver is missing or does not fit',
    remedy: () => 'see what the node offers: kubectl describe nodes -l accelerator=nvidia',
  },
];

/** A container ended unasked: the model's server crashed, once or again and again. */
export const containerCrashed: Policy = forContainers((view, pod, container): RootCause | undefined => {
  if (container.init) return undefined;
  const ending = lastEnding(container);
  if (ending === undefined) return undefined;
  const known = knownWords.find(({ pattern }) => pattern.test(ending.message));
  if (known !== undefined) {
    const message = brief(`${nameOf(pod, container)} ${known.say}`);
    return { code: known.code, message, needs: 'person', remedy: known.remedy(view) };
  }
  const fault = printedFault(ending.message);
  const logs = `read its last words: ${podLogs(view, pod, container.name, container.state !== 'terminated')}`;
  if (fault !== undefined) {
    const message = brief(`${nameOf(pod, container)} ended: ${withoutStop(fault.message)}`);
    return { code: fault.code, message, needs: 'person', remedy: fault.remedy ?? logs };
  }
  return crash(view, pod, container, ending, logs);
});

function crash(view: View, pod: PodEvidence, container: ContainerEvidence, ending: Ending, logs: string): RootCause {
  const words = lastWords(ending.message);
  const probe = pod.warnings?.find(
    ({ reason, message }) => reason === 'Unhealthy' && /^(?:Liveness|Startup)/.test(message),
  );
  const loop = container.restarts >= 2 || container.reason === 'CrashLoopBackOff';
  const message = `${nameOf(pod, container)} ${loop ? 'crashes again and again' : 'crashed and is started again'} (exit code ${ending.exitCode})`;
  const code = ownCode(view, ending.exitCode) ?? (loop ? 'CrashLoop' : 'ContainerCrashed');
  if (words === '' && probe !== undefined) {
    return {
      code: 'ProbeFailing',
      message: brief(`${message}: ${withoutStop(probe.message)}`),
      needs: 'person',
      remedy: logs,
    };
  }
  return {
    code,
    message: brief(`${message}${words === '' ? '' : `: ${words}`}`),
    needs: loop ? 'person' : 'time',
    remedy: logs,
  };
}

/** Exit codes of KAITO's own server, as in its documentation. */
function ownCode(view: View, exitCode: number): string | undefined {
  if (view.plan.runtime?.kind !== 'server') return undefined;
  return { 2: 'ServerFlagsInvalid', 3: 'ModelInvalid', 4: 'PortInUse' }[exitCode];
}
