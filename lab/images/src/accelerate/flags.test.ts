import { describe, expect, it } from 'vitest';
import { LaunchError } from '../launch/flags.ts';
import { imagePresets, launchLine } from '../testing/launch-lines.ts';
import { readAccelerate } from './flags.ts';

const presets = imagePresets.filter(({ launch }) => launch.command === 'accelerate');

describe('accelerate', () => {
  it.each(presets.map((preset) => [preset.name, preset] as const))('reads the launch line of %s', (_, preset) => {
    const [program, ...words] = launchLine(preset, 1).split(' ');
    expect(program).toBe('accelerate');
    expect(readAccelerate(words)).toEqual({ script: 'inference_api.py', torchType: preset.weightType });
  });

  it.each([
    ['', 'accelerate: the one command known is launch, not ""'],
    ['config', 'accelerate: the one command known is launch, not "config"'],
    ['launch', 'accelerate launch: no script to start'],
    ['launch a.py', 'accelerate launch: --num_processes is missing'],
    ['launch --num_processes=2 a.py', 'accelerate launch: --num_processes must be 1 here, not "2"'],
    ['launch --num_processes=1 a.py', 'a.py: --pipeline is missing'],
    [
      'launch --num_processes=1 a.py --pipeline=conversational',
      'a.py: --pipeline must be text-generation here, not "conversational"',
    ],
    [
      'launch --num_processes=1 a.py --pipeline=text-generation --load_in_4bit=true',
      'a.py: unknown flag --load_in_4bit; known are --pipeline, --torch_dtype',
    ],
  ])('refuses "%s"', (line, message) => {
    expect(() => readAccelerate(line.split(' ').filter((word) => word !== ''))).toThrow(new LaunchError(message));
  });
});
