import { LaunchError, oneOf, readFlags, splitAtScript } from '../launch/flags.ts';

/** A launch line of KAITO's text-generation presets, without the program's own name. */
export interface AccelerateLaunch {
  readonly script: string;
  /** Type the real image would load its weights as; the stand-in's are quantised and stay so. */
  readonly torchType: string | undefined;
}

/**
 * Reads `launch … inference_api.py …`. What the real `accelerate` could do beyond KAITO's lines, more processes or machines, is refused.
 *
 * @throws LaunchError
 */
export function readAccelerate(words: readonly string[]): AccelerateLaunch {
  const [command, ...others] = words;
  if (command !== 'launch')
    throw new LaunchError(`accelerate: the one command known is launch, not "${command ?? ''}"`);
  const { own, script, rest } = splitAtScript('accelerate launch', others);
  readFlags('accelerate launch', own, {
    num_processes: { read: oneOf('1') },
    num_machines: { read: oneOf('1'), fallback: '1' },
    machine_rank: { read: oneOf('0'), fallback: '0' },
    gpu_ids: { read: oneOf('all'), fallback: 'all' },
  });
  const { torch_dtype: torchType } = readFlags(script, rest, {
    pipeline: { read: oneOf('text-generation') },
    torch_dtype: { read: oneOf('bfloat16', 'float16', 'float32'), fallback: undefined },
  });
  return { script, torchType };
}
