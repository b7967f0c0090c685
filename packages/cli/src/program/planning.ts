import { type Command, Option } from 'commander';
import { wholeNumber } from '../output.ts';
import { catalogFlag, clusterFlags, fileFlag, httpFlag, namespaceFlag, outputFlag, quietFlag } from './flags.ts';
import { examples, type Wiring } from './wiring.ts';

/** Declares the commands that change nothing: what would happen, what is wrong, what there is. */
export function declarePlanning(program: Command, { act, actOn }: Wiring): void {
  program.commandsGroup('Plan:');

  const plan = program
    .command('plan')
    .summary('show what would happen, why, and what it needs')
    .description(
      'Shows what a Workspace would do and why: model, runtime, memory account, price, phases, what stands against it and ' +
        'what would also work. Changes nothing. Exit code 1 when it would be refused.',
    )
    .argument('[PRESET]', 'preset to plan, instead of a manifest')
    .addOption(
      new Option('--target <TARGET>', 'plan for this machine, or for a cluster of which nothing is known').choices([
        'local',
        'cluster',
      ]),
    )
    .option('--quantised', 'plan the quantised equivalent of a GPU preset')
    .option('--quantisation <NAME>', 'quantisation of the weights, e.g. q8_0')
    .option(
      '--context-length <TOKENS>',
      'tokens per request, prompt and answer together',
      wholeNumber('--context-length', 1),
    )
    .option('--parallel <N>', 'requests served at once', wholeNumber('--parallel', 1))
    .option('--override-estimate', "plan although the memory account doesn't fit")
    .option('--server-image <IMAGE>', "image of KAITO's own server in a cluster", 'kaito-server:0.1.0')
    .addHelpText(
      'after',
      examples([
        ['kaito plan -f workspace.yaml', 'on this machine'],
        ['kaito plan -f workspace.yaml --quantised', 'its quantised equivalent, on this machine'],
        ['kaito plan -f workspace.yaml --target cluster', 'on the machines the manifest names'],
        ['kaito plan -f workspace.yaml --target cluster -o yaml', 'the objects it would make there'],
        ['kaito plan -f workspace.yaml --context prod', 'on a cluster, with the nodes that it has'],
        ['kaito plan smollm2-135m-instruct -o json', 'a preset, as data'],
      ]),
    )
    .action(async (preset: string | undefined, options) => {
      await actOn(options, {
        local: async (session) => {
          const { plan } = await import('../commands/plan.ts');
          return plan(session, preset, options);
        },
        cluster: async (session, cluster) => {
          const { plan } = await import('../cluster/commands/plan.ts');
          return plan(session, cluster, preset, options);
        },
      });
    });
  for (const flag of [fileFlag, namespaceFlag, catalogFlag, clusterFlags]) flag(plan);
  outputFlag(plan, ['json', 'yaml']);

  const validate = program
    .command('validate')
    .summary('check manifests and name every problem')
    .description(
      'Checks manifests and names every problem with its line, code and remedy. Exit code 1 when there is an error.',
    )
    .argument('[FILE...]', 'manifests, like -f')
    .addHelpText(
      'after',
      examples([
        ['kaito validate -f workspace.yaml', 'one file'],
        ['kaito validate examples/*.yaml', 'many'],
        ['kaito validate -f - -o json < workspace.yaml', 'findings as data'],
      ]),
    )
    .action(async (files: string[], options) => {
      const { validate } = await import('../commands/validate.ts');
      await act((session) => validate(session, files, options));
    });
  fileFlag(validate);
  outputFlag(validate, ['json', 'yaml']);

  const models = program
    .command('models')
    .summary('list the models, or show one')
    .description('Lists the models with licence, context and size, and whether they fit this machine; or shows one.')
    .argument('[MODEL]', 'preset to show')
    .addHelpText(
      'after',
      examples([
        ['kaito models', 'all of them'],
        ['kaito models smollm2-135m-instruct', 'one, with its quantisations and sources'],
        ['kaito models push smollm2-135m-instruct me.azurecr.io/smollm2', 'its weights, into a private registry'],
      ]),
    )
    .action(async (name: string | undefined, options) => {
      const { models } = await import('../commands/models.ts');
      await act((session) => models(session, name, options));
    });
  catalogFlag(models);
  outputFlag(models, ['wide', 'json', 'yaml', 'name']);
  models.helpCommand(false);

  const push = models
    .command('push')
    .summary('push weights to a registry, from where pods pull them')
    .description(
      'Fetches weights from their source, verifies them, and pushes them to a registry as an OCI artifact, from where this machine and pods pull ' +
        'them: for clusters without a way to the internet. Run again after a cut, it goes on where it stopped.',
    )
    .argument('<MODEL>', 'preset, or a source: hub://, https://, pip://, oci://, or a file')
    .argument('<DESTINATION>', 'registry/repository:tag')
    .option('--quantisation <NAME>', "which of the preset's files, e.g. q8_0")
    .option('--sha256 <HEX>', 'the digest that the file of a source must have')
    .addHelpText(
      'after',
      examples([
        ['kaito models push smollm2-135m-instruct me.azurecr.io/models/smollm2:q4_1', 'a preset'],
        ['kaito models push hub://owner/name@main/model.gguf me.azurecr.io/models/ours:v1', 'a file of a hub'],
        ['kaito models push ./model.gguf localhost:5000/models/ours:v1', 'a file of this machine'],
      ]),
    )
    .action(async (model: string, destination: string, options) => {
      const { push } = await import('../commands/models-push.ts');
      await act((session) => push(session, model, destination, options));
    });
  for (const flag of [catalogFlag, httpFlag, quietFlag]) flag(push);
  outputFlag(push, ['json', 'yaml']);

  const machines = program
    .command('machines')
    .summary('list the machine types, or show one')
    .description('Lists the machine types a Workspace can name, with GPUs, memory and price; or shows one.')
    .argument('[MACHINE]', 'machine type to show')
    .option('--fits <PRESET>', 'only those the preset fits on, cheapest first')
    .option('--gpus', 'only those with a GPU')
    .addHelpText(
      'after',
      examples([
        ['kaito machines --gpus', 'all with a GPU'],
        ['kaito machines --fits mistral-7b-instruct', 'where a model would run'],
        ['kaito machines Standard_NC64as_T4_v3', 'one, with the source of its figures'],
      ]),
    )
    .action(async (name: string | undefined, options) => {
      const { machines } = await import('../commands/machines.ts');
      await act((session) => machines(session, name, options));
    });
  catalogFlag(machines);
  outputFlag(machines, ['wide', 'json', 'yaml', 'name']);
}
