import { type Guide, usualLimit } from '../story/compose.ts';
import { matching } from '../story/step.ts';
import { answered, anyTable, modelOnItsWay, modelReady, provisionerCrashes, provisionersRun } from './sights.ts';

const pods = 'kubectl get pods -l app=ai-toolchain-operator -n kube-system';
const attach = 'az aks update -g $RG -n $CLUSTER_NAME --attach-acr $ACR_NAME';
const watch = 'watch kubectl get workspace,nodes,svc,pods';
const image = 'kaitolab.azurecr.io/mistral-7b-instruct:0.0.2';
const succeeded = matching('"provisioningState": "Succeeded"', /"provisioningState": "Succeeded"/);
const uuid = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/;
const once = { kind: 'once', limit: usualLimit } as const;
/** Seconds for what boots nodes or pulls images. */
const long = 900;

/** What is known of docs/seed.md beyond its commands. */
export const seedGuide: Guide = {
  blocks: [{ line: 'CLUSTER_NAME=kaitocluster', terminal: '2' }],
  waits: {
    'Set up the Azure Container Registry': '10-20 minutes for the import',
    'Deploy a model!': '"some time", for the node and the image',
  },
  inspections: [
    `kubectl get workspace -A -o jsonpath='{range .items[*]}{.metadata.name}: {.status.conditions[?(@.type=="WorkspaceReady")].message}{"\\n"}{end}'`,
    'kubectl get nodes,pods -A',
  ],
  entries: [
    {
      command: 'az group create',
      does: 'The resource group of everything that follows.',
      manner: { ...once, sight: succeeded },
    },
    {
      command: 'az acr create',
      does: 'A private registry, with a host name of its own under azurecr.io.',
      manner: { ...once, sight: succeeded },
    },
    {
      command: 'az aks create',
      does: 'A control plane and three nodes; the add-on installs the operator, the provisioner and their identity.',
      manner: { ...once, sight: succeeded, limit: long },
    },
    {
      command: 'az aks get-credentials',
      does: 'From here on kubectl speaks to the new cluster.',
      manner: {
        ...once,
        sight: matching('the context merged into the kubeconfig', /Merged "kaito" as current context/),
      },
    },
    {
      command: 'export RG_ID=',
      does: 'The scope of the rights that the provisioner is to have.',
      manner: {
        ...once,
        sight: matching("the resource group's id", /^\/subscriptions\/[^/]+\/resourceGroups\/KaitoLab$/),
      },
    },
    {
      command: 'export MC_RESOURCE_GROUP=',
      does: "The cluster's second resource group, in which Azure keeps its nodes.",
      manner: { ...once, sight: matching('a name', /^MC_KaitoLab_kaito_\w+$/) },
    },
    {
      command: 'export PRINCIPAL_ID=',
      does: 'Whom the rights are given to.',
      manner: { ...once, sight: matching('a UUID', uuid) },
    },
    {
      command: 'az role assignment create',
      does: 'The identity may make machines in the resource group.',
      manner: { ...once, sight: matching('the assignment', /"roleDefinitionId": /) },
    },
    {
      command: 'export AKS_OIDC_ISSUER=',
      does: 'Who signs the tokens of service accounts.',
      manner: { ...once, sight: matching('an https URL', /^https:\/\/\S+$/) },
    },
    {
      command: 'az identity federated-credential create',
      does: 'Tokens of the service account kaito-gpu-provisioner are now taken for the identity.',
      manner: {
        ...once,
        sight: matching('its subject', /"subject": "system:serviceaccount:kube-system:kaito-gpu-provisioner"/),
      },
    },
    {
      command: pods,
      occurrence: 1,
      does: 'The provisioner started before it had an identity that Azure knows, and ended again and again.',
      manner: { kind: 'repeated', sight: provisionerCrashes, limit: usualLimit },
    },
    {
      command: 'kubectl rollout restart',
      does: 'A new pod starts, with the rights that exist now.',
      manner: {
        ...once,
        sight: matching('deployment.apps/kaito-gpu-provisioner restarted', /kaito-gpu-provisioner restarted/),
      },
    },
    {
      command: pods,
      occurrence: 2,
      does: 'Both halves of KAITO run.',
      manner: { kind: 'repeated', sight: provisionersRun, limit: usualLimit },
    },
    {
      command: 'az acr import',
      does: 'The registry fetches the image itself; nothing of it passes through this terminal.',
      manner: { kind: 'beside', until: attach, end: 'await', limit: long },
    },
    {
      command: attach,
      does: 'The identity of the nodes may pull from the private registry.',
      manner: {
        kind: 'mistaken',
        sight: matching('ResourceNotFound, naming kaitocluster', /ResourceNotFound[^]*kaitocluster/),
        explanation:
          'The new terminal says CLUSTER_NAME=kaitocluster, but the cluster made above is named kaito: Azure knows no kaitocluster. With the right name the very same command works.',
        mend: 'CLUSTER_NAME=kaito',
        limit: long,
      },
    },
    { command: 'cat <<EOF', does: 'The manifest: which model, on which machine, from which registry.' },
    {
      command: 'kubectl logs -f',
      does: 'What operator and provisioner did meanwhile.',
      terminal: '3',
      manner: {
        kind: 'beside',
        until: watch,
        end: 'interrupt',
        sight: { what: 'lines of the logs', seen: (text) => text.trim() !== '' },
        limit: long,
      },
    },
    {
      command: 'kubectl apply',
      does: 'The Workspace is validated against the machine type, and accepted.',
      manner: { ...once, sight: matching('the Workspace created', /workspace-mistral-7b-instruct created/) },
    },
    {
      command: watch,
      does: 'The provisioner makes an agent pool, its node joins, the image is pulled, the model is loaded.',
      manner: {
        kind: 'watched',
        title: 'The model is ready',
        sight: modelReady,
        before: [
          { title: 'A first look', sight: anyTable },
          { title: 'The node has come, the pod starts', sight: modelOnItsWay },
        ],
        limit: long,
      },
      check: {
        command: `kubectl get pods -o jsonpath='{.items[*].spec.containers[*].image}'`,
        does: 'The image that runs is the one in the private registry.',
        manner: { ...once, sight: { what: image, seen: (text) => text.trim().split(/\s+/).includes(image) } },
      },
    },
    {
      command: 'CLUSTERIP=',
      does: 'Where the model answers inside the cluster.',
      manner: { ...once, sight: matching('an address', /^\d+(?:\.\d+){3}$/) },
    },
    {
      command: 'kubectl run -it --rm',
      does: 'A pod asks the model, prints its answer, and is removed.',
      // What a pod prints before kubectl has attached to it is not seen: then a person asks again.
      manner: { kind: 'repeated', sight: answered, limit: usualLimit },
    },
  ],
};
