import type { Command } from 'commander';
import { outputFlag, yesFlag } from './flags.ts';
import { examples, type Wiring } from './wiring.ts';

/** Declares the commands about an AKS cluster's side of Azure. */
export function declareAzure(program: Command, { act }: Wiring): void {
  program.commandsGroup('Azure:');
  const azure = program
    .command('azure')
    .helpCommand(false)
    .summary('set KAITO up on an AKS cluster, and check it')
    .description(
      'Sets up what the GPU provisioner needs at Azure, checks it, and takes it away again. Logins are those of the Azure CLI (az login), or of a ' +
        'service principal or workload identity in the environment (AZURE_CLIENT_ID, AZURE_TENANT_ID, AZURE_CLIENT_SECRET or AZURE_FEDERATED_TOKEN_FILE).',
    )
    .addHelpText(
      'after',
      examples([
        ['kaito azure setup -g RG -n CLUSTER --dry-run', 'what setup would do, as az commands too'],
        ['kaito azure doctor -g RG -n CLUSTER', 'why no machine comes, and what mends it'],
      ]),
    );

  const setup = azure
    .command('setup')
    .summary('give the provisioner its identity, rights and Helm values')
    .description(
      'Makes, or finds, a managed identity for the GPU provisioner; gives it a role of no more rights than making agent pools of this cluster takes; ' +
        'lets its ServiceAccount be the identity; and writes the Helm values. All is shown first, with the same as az commands, and nothing is ' +
        'changed before a yes. What is so already stays.',
    );
  aksFlags(setup)
    .option(
      '--identity <NAME>',
      "managed identity to use or make; the managed add-on's, else kaito-CLUSTER, when left out",
    )
    .option(
      '--namespace <NAMESPACE>',
      'namespace of the provisioner; kaito-system when left out, kube-system with the managed add-on',
    )
    .option('--contributor', "give the role Contributor on the cluster's whole resource group instead")
    .option('--values <FILE>', 'file of Helm values to write into; kaito-CLUSTER-values.yaml when left out')
    .option('--install', 'also run helm upgrade --install')
    .option('--take-over', "replace AKS' managed add-on or another KAITO: Workspaces, NodeClaims and machines stay")
    .option('--dry-run', 'show what would be done, and do nothing')
    .addHelpText(
      'after',
      examples([
        ['kaito azure setup -g KaitoLab -n kaito', 'show, ask, do'],
        ['kaito azure setup -g KaitoLab -n kaito --dry-run -o json', 'the steps as data'],
        ['kaito azure setup -g KaitoLab -n kaito --yes --install', 'in a pipeline'],
        ['kaito azure setup -g KaitoLab -n kaito --take-over', "instead of AKS' managed add-on"],
      ]),
    )
    .action(async (options) => {
      const { setup } = await import('../azure/setup/setup.ts');
      const { setupTools } = await import('../azure/setup/options.ts');
      const { onAzure } = await import('../azure/connect.ts');
      await act((session) =>
        onAzure(session, options.subscription, (access) => setup(session, access, options, setupTools(session))),
      );
    });
  yesFlag(setup);
  outputFlag(setup, ['json', 'yaml']);

  const doctor = azure
    .command('doctor')
    .summary('check identity, rights, quota, registries and the provisioner')
    .description(
      'Checks all that renting machines for Workspaces needs: the cluster, its issuer, the identity and its federation and rights, quota and offer of ' +
        'machine types, registries and images, and in the cluster the provisioner, the operator, the webhook and other KAITOs. Says what mends what is amiss. It changes nothing. Exit code 1 when something fails.',
    );
  aksFlags(doctor)
    .option(
      '--machine <TYPE>',
      "machine type to check beside those of the cluster's Workspaces; may be repeated",
      collect,
    )
    .option('--registry <NAME>', 'registry to check beside those of their images; may be repeated', collect)
    .option('--identity <NAME>', 'managed identity of the provisioner, where the cluster itself cannot be asked')
    .option('--namespace <NAMESPACE>', 'namespace of the provisioner, where the cluster itself cannot be asked')
    .addHelpText(
      'after',
      examples([
        ['kaito azure doctor -g KaitoLab -n kaito', 'check'],
        ['kaito azure doctor -g KaitoLab -n kaito --machine Standard_NC64as_T4_v3', 'could this machine be rented?'],
        ['kaito azure doctor -g KaitoLab -n kaito -o json', 'as data'],
      ]),
    )
    .action(async (options) => {
      const [{ doctor }, { onAzure }] = await Promise.all([
        import('../azure/doctor/doctor.ts'),
        import('../azure/connect.ts'),
      ]);
      await act((session) => onAzure(session, options.subscription, (access) => doctor(session, access, options)));
    });
  outputFlag(doctor, ['json', 'yaml']);

  const teardown = azure
    .command('teardown')
    .summary('take away what setup has made')
    .description(
      'Takes away what setup has made: role assignments, federated credential, role, and the identity where it is of our own making. Shows it first, ' +
        'asks, and refuses while machines of KAITO are there, which nobody could give back then.',
    );
  aksFlags(teardown)
    .option('--identity <NAME>', 'managed identity that was given to setup')
    .option('--namespace <NAMESPACE>', 'namespace that was given to setup')
    .option('--leave-machines', 'although agent pools of KAITO are there, which go on costing')
    .option('--dry-run', 'show what would be done, and do nothing')
    .addHelpText(
      'after',
      examples([
        ['kaito azure teardown -g KaitoLab -n kaito --dry-run', 'what would go'],
        ['kaito azure teardown -g KaitoLab -n kaito', 'show, ask, do'],
      ]),
    )
    .action(async (options) => {
      const [{ teardown }, { onAzure }] = await Promise.all([
        import('../azure/teardown/teardown.ts'),
        import('../azure/connect.ts'),
      ]);
      await act((session) => onAzure(session, options.subscription, (access) => teardown(session, access, options)));
    });
  yesFlag(teardown);
  outputFlag(teardown, ['json', 'yaml']);
}

/** The flags that name an AKS cluster, as az names them, and its kubeconfig. */
function aksFlags(command: Command): Command {
  return command
    .requiredOption('-g, --resource-group <RG>', 'resource group of the cluster')
    .requiredOption('-n, --name <CLUSTER>', 'name of the AKS cluster')
    .option('--subscription <ID>', 'its subscription; the one of the environment or of the Azure CLI when left out')
    .option('--context <CONTEXT>', "the cluster's context in the kubeconfig; the current one when left out")
    .option('--kubeconfig <FILE>', 'kubeconfig to read; KUBECONFIG or ~/.kube/config when left out');
}

function collect(value: string, values: readonly string[] = []): readonly string[] {
  return [...values, value];
}
