type Environment = Readonly<Record<string, string | undefined>>;

/** Set by `kubectl-kaito`, the plugin's launcher. */
const variable = 'KAITO_COMMAND';
const plugin = 'kubectl kaito';

/** How a person calls the command: `kaito`, or `kubectl kaito`. */
export const commandName = (env: Environment): string => (isPlugin(env) ? plugin : 'kaito');

/** True where kubectl started the command: then it acts on kubectl's cluster. */
export const isPlugin = (env: Environment): boolean => env[variable] === plugin;

const commands =
  /(?<![\w./-])(?:\.\/)?kaito(?= (?:up|down|get|describe|plan|chat|logs|doctor|use|models|machines|image|azure|COMMAND)\b)/g;

/** `text` with its `kaito` commands as a person calls them. */
export function withCommandName(text: string, env: Environment): string {
  return isPlugin(env)
    ? text.replaceAll(commands, (_, at: number) => (text.slice(at - 8, at) === 'kubectl ' ? 'kaito' : plugin))
    : text;
}

const references = /\bkaito (?:up|down|get|describe|chat|logs)(?: -{1,2}[\w-]+| [\w./-]*[\w/-])*/g;

/** `text` with `flags` at the end of each `kaito` command in it, so that the command acts on the same cluster. */
export function withFlags(text: string, flags: string): string {
  return flags === '' ? text : text.replaceAll(references, (command) => `${command}${flags}`);
}
