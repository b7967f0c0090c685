import type { Argument, Command, Option } from 'commander';
import { exitCode, type ExitCode } from '../failure.ts';
import type { Session } from '../session.ts';
import { contexts, type Env, namesOf, namespacesThere, type Place, workspacesThere } from './names.ts';

interface Candidate {
  readonly value: string;
  readonly text?: string;
}

/** Prints what may stand in place of the last of `words` (the words after `kaito`), one candidate a line: value, tab, description. */
export async function complete({ terminal }: Session, program: Command, words: readonly string[]): Promise<ExitCode> {
  const { candidates, files } = await candidatesFor(program, words, terminal.env);
  for (const { value, text } of candidates) terminal.out(text == null ? `${value}\n` : `${value}\t${text}\n`);
  if (files) terminal.out(':files\n');
  return exitCode.done;
}

interface Completion {
  readonly candidates: readonly Candidate[];
  readonly files: boolean;
}

/** What may stand in place of the last word; `env` names the kubeconfig where no flag does. */
export async function candidatesFor(program: Command, words: readonly string[], env: Env = {}): Promise<Completion> {
  const current = words.at(-1) ?? '';
  const typed = words.slice(0, -1);
  const top = program.commands.find((candidate) => names(candidate).includes(typed[0] ?? ''));
  if (top == null || typed[0] === 'help') {
    if (typed.length > (typed[0] === 'help' ? 1 : 0)) return nothing;
    return starting(current, commandsOf(program));
  }
  const below = top.commands.find((candidate) => names(candidate).includes(typed[1] ?? ''));
  const command = below ?? top;
  const before = below == null ? typed : typed.slice(1);
  const help = { long: '--help', short: '-h', description: 'show help' } as Option;
  const options = [...command.options.filter(({ hidden }) => !hidden), help];
  const previous =
    before.length > 1
      ? options.find(({ long, short }) => before.at(-1) === long || before.at(-1) === short)
      : undefined;
  const place: Place = { env, flags: targetFlags(before.slice(1), options) };
  const [flag, ...value] = current.split('=');
  if (current.startsWith('--') && value.length > 0) {
    const option = options.find(({ long }) => long === flag);
    const { candidates } = option == null ? nothing : await valuesOf(option.long ?? '', option.argChoices, place);
    return starting(
      current,
      candidates.map((candidate) => ({ ...candidate, value: `${flag}=${candidate.value}` })),
    );
  }
  if (previous != null && takesValue(previous))
    return filtered(current, await valuesOf(previous.long ?? '', previous.argChoices, place));
  if (current.startsWith('-')) {
    return starting(
      current,
      options.flatMap(({ long, description }) => (long == null ? [] : [{ value: long, text: description }])),
    );
  }
  const given = positionals(before.slice(1), options);
  const commands = before.length === 1 ? commandsOf(command) : [];
  const argument = command.registeredArguments[Math.min(given.length, command.registeredArguments.length - 1)];
  if (argument == null || (given.length >= command.registeredArguments.length && !argument.variadic)) {
    return starting(current, commands);
  }
  const { candidates, files } = await valuesOf(argument.name(), argument.argChoices, place);
  const others = candidates.filter(({ value: name }) => !given.includes(name));
  return filtered(current, { candidates: [...others, ...commands], files });
}

const nothing: Completion = { candidates: [], files: false };
const names = (command: Command) => [command.name(), ...command.aliases()];
const takesValue = (option: Option) => option.required || option.optional;

function commandsOf(parent: Command): Candidate[] {
  return parent
    .createHelp()
    .visibleCommands(parent)
    .map((command) => ({ value: command.name(), text: command.summary() }));
}

function positionals(words: readonly string[], options: readonly Option[]): string[] {
  const found: string[] = [];
  for (let index = 0; index < words.length; index++) {
    const word = words[index] ?? '';
    if (!word.startsWith('-') || word === '-') found.push(word);
    else if (options.some((option) => takesValue(option) && (option.long === word || option.short === word))) index++;
  }
  return found;
}

/** The words before that say where the command will act. */
function targetFlags(words: readonly string[], options: readonly Option[]): Place['flags'] {
  const found: Record<string, string | true> = {};
  for (let index = 0; index < words.length; index++) {
    const [name, inline] = words[index]!.split('=', 2);
    const option = options.find(({ long, short }) => long === name || short === name);
    if (option?.long == null) continue;
    const value = takesValue(option) ? (inline ?? words[(index += 1)] ?? '') : true;
    found[option.long.slice(2)] = value;
  }
  return found;
}

/** What an argument or the value of a flag may be, by its name. */
async function valuesOf(name: string, choices: Argument['argChoices'] | undefined, place: Place): Promise<Completion> {
  if (choices != null) return { candidates: choices.map((value) => ({ value })), files: false };
  switch (name) {
    case 'NAME':
      return { candidates: await workspacesThere(place), files: false };
    case '--namespace':
      return { candidates: await namespacesThere(place), files: false };
    case '--context':
      return { candidates: await contexts(place), files: false };
    case 'PRESET':
    case 'MODEL':
    case 'MACHINE':
      return { candidates: await namesOf(name), files: false };
    case '--machine':
      return { candidates: await namesOf('MACHINE'), files: false };
    case '--fits':
      return { candidates: await namesOf('PRESET'), files: false };
    case '--quantisation':
      return { candidates: await namesOf('QUANTISATION'), files: false };
    case 'TARGET':
      return {
        candidates: [
          { value: 'local', text: 'this machine' },
          { value: 'cluster', text: 'the current context' },
          ...(await contexts(place)),
        ],
        files: false,
      };
    case 'FILE':
    case '--filename':
    case '--catalog':
    case '--kubeconfig':
    case '--values':
    case '--api-key-file':
      return { candidates: [], files: true };
    default:
      return nothing;
  }
}

const starting = (current: string, candidates: readonly Candidate[]) => filtered(current, { candidates, files: false });

function filtered(current: string, { candidates, files }: Completion): Completion {
  return { candidates: candidates.filter(({ value }) => value.startsWith(current)), files };
}
