import { ago, waitingFor } from '../objects.ts';
import { type Case, container, crashed, init } from './case.ts';

export const containers: readonly Case[] = [
  {
    name: 'a Secret that is missing',
    world: container(waitingFor('CreateContainerConfigError', 'secret "hf" not found')),
    code: 'SecretMissing',
    needs: 'person',
    remedy: 'kubectl create secret generic hf -n team --from-literal=<key>=<value>',
    reason: 'ContainerStartError',
  },
  {
    name: 'a key that its Secret lacks',
    world: container(waitingFor('CreateContainerConfigError', "couldn't find key HF_TOKEN in Secret team/hf")),
    code: 'SecretMissing',
    needs: 'person',
    message: /Secret hf has no key HF_TOKEN/,
    remedy: '--from-literal=HF_TOKEN=<value>',
  },
  {
    name: 'a ConfigMap that is missing',
    world: container(waitingFor('CreateContainerConfigError', 'configmap "tuning" not found')),
    code: 'ConfigMapMissing',
    needs: 'person',
  },
  {
    name: 'a command that the image lacks',
    world: container(
      waitingFor(
        'RunContainerError',
        'failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: exec: "accelerate": executable file not found in $PATH: unknown',
      ),
    ),
    code: 'ContainerStartError',
    needs: 'person',
    message: /executable file not found/,
    reason: 'ContainerStartError',
  },
  {
    name: 'out of memory, in back-off',
    world: crashed(137, '', 'OOMKilled'),
    code: 'ContainerOOMKilled',
    needs: 'person',
    remedy: 'kaito machines',
    reason: 'ContainerOOMKilled',
  },
  {
    name: 'out of memory, and running again',
    world: container({
      state: { running: { startedAt: ago(5) } },
      restartCount: 1,
      lastState: { terminated: { exitCode: 137, reason: 'OOMKilled', finishedAt: ago(6) } },
    }),
    code: 'ContainerOOMKilled',
    needs: 'person',
  },
  {
    name: 'out of GPU memory',
    world: crashed(
      1,
      'Traceback (most recent call last):\n  File "inference_api.py", line 60\ntorch.cuda.OutOfMemoryError: CUDA out of memory. Tried to allocate 224.00 MiB. GPU 0 has a total capacity of 15.77 GiB',
    ),
    code: 'GPUMemoryExhausted',
    needs: 'person',
    reason: 'ContainerCrashLoopBackOff',
  },
  {
    name: 'a model that is gated',
    world: crashed(
      1,
      'huggingface_hub.errors.GatedRepoError: 401 Client Error. Cannot access gated repo for url https://huggingface.co/meta',
    ),
    code: 'ModelAccessDenied',
    needs: 'person',
    remedy: 'HF_TOKEN',
  },
  {
    name: 'a crash loop, with its last words',
    world: crashed(1, 'loading\nValueError: unknown architecture phi9'),
    code: 'CrashLoop',
    needs: 'person',
    message: /exit code 1\): loading \| ValueError: unknown architecture phi9/,
    remedy: 'kubectl logs demo-7d9c8b6f5-abcde -c demo -n team --previous',
    reason: 'ContainerCrashLoopBackOff',
  },
  {
    name: 'a first crash',
    world: container({ state: { terminated: { exitCode: 1, reason: 'Error', finishedAt: ago(2) } } }),
    code: 'ContainerCrashed',
    needs: 'time',
  },
  {
    name: "KAITO's own server with its own words",
    world: crashed(
      3,
      '{"event":"fault","code":"ModelInvalid","message":"The file is no GGUF.","remedy":"Fetch it again."}\n',
    ),
    code: 'ModelInvalid',
    needs: 'person',
    remedy: 'Fetch it again.',
  },
  {
    name: 'weights whose digest differs',
    world: init(
      'The file has another digest.\nRemove it.\n{\n  "error": {\n    "code": "DigestMismatch",\n    "message": "The weights of smollm2 are not those asked for.",\n    "remedy": "Check the source.",\n    "attempts": []\n  }\n}\n',
    ),
    code: 'DigestMismatch',
    needs: 'person',
    message: /weights cannot be had: The weights of smollm2 are not those asked for$/,
    remedy: 'Check the source.',
  },
  {
    name: 'weights behind a network that is down',
    world: init(
      '{"error":{"code":"NetworkUnreachable","message":"No answer from hub.","remedy":"Open the firewall."}}',
    ),
    code: 'NetworkUnreachable',
    needs: 'time',
    remedy: 'Open the firewall.',
  },
  {
    name: 'an init container without words of ours',
    world: init('sh: not found', 127),
    code: 'InitContainerFailed',
    needs: 'person',
    message: /init container weights of pod .*exit code 127\): sh: not found/,
  },
  {
    name: 'a probe that fails beyond its time',
    world: container({ state: { running: { startedAt: ago(550) } }, started: true }),
    seen: {
      warnings: new Map([
        [
          'demo-7d9c8b6f5-abcde',
          [{ reason: 'Unhealthy', message: 'Readiness probe failed: HTTP probe failed with statuscode: 503' }],
        ],
      ]),
    },
    code: 'ProbeFailing',
    needs: 'person',
    message: /statuscode: 503/,
  },
  {
    name: 'a volume that does not come',
    world: container(waitingFor('ContainerCreating')),
    seen: {
      warnings: new Map([
        [
          'demo-7d9c8b6f5-abcde',
          [{ reason: 'FailedMount', message: 'MountVolume.SetUp failed for volume "cfg" : configmap "cfg" not found' }],
        ],
      ]),
    },
    code: 'VolumeNotMounted',
    needs: 'person',
    message: /configmap cfg does not exist/,
  },
];
