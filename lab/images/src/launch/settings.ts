import { LaunchError } from './flags.ts';

/** What the image tells the programs in it. */
export interface Settings {
  /** The inference server's entry, a file for Node. */
  readonly server: string;
  /** The weights, a GGUF file. */
  readonly model: string;
  /** Which of llama-2's servers torchrun starts; absent in the images of the other presets. */
  readonly llamaApi: 'llama-completion' | 'llama-chat' | undefined;
  /** Address to listen on: all, unless told otherwise. */
  readonly host: string;
}

/** Names of the environment variables that an image sets. */
export const settingNames = {
  server: 'STAND_IN_SERVER',
  model: 'STAND_IN_MODEL',
  llamaApi: 'STAND_IN_LLAMA_API',
  host: 'STAND_IN_HOST',
} as const;

/** @throws LaunchError where a variable is missing or wrong. */
export function readSettings(environment: NodeJS.ProcessEnv): Settings {
  const required = (name: string): string => {
    const value = environment[name];
    if (value === undefined || value === '') throw new LaunchError(`the environment variable ${name} is not set`);
    return value;
  };
  const api = environment[settingNames.llamaApi];
  if (api !== undefined && api !== 'llama-completion' && api !== 'llama-chat') {
    throw new LaunchError(`${settingNames.llamaApi} must be llama-completion or llama-chat, not "${api}"`);
  }
  return {
    server: required(settingNames.server),
    model: required(settingNames.model),
    llamaApi: api,
    host: environment[settingNames.host] ?? '0.0.0.0',
  };
}
