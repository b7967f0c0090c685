import { answered, anyTable, modelOnItsWay } from '../seed/sights.ts';
import { type Guide, usualLimit } from '../story/compose.ts';
import { matching } from '../story/step.ts';
import {
  allAnswered,
  allReady,
  bothAnswered,
  firstRankWaits,
  machineDead,
  nothingLeft,
  ownPoolAlone,
  ranksMet,
  streamed,
  takenOver,
  twoMachines,
} from './sights.ts';

const once = { kind: 'once', limit: usualLimit } as const;
/** Seconds for what boots nodes or pulls images. */
const long = 900;
const watch = 'watch kubectl get workspace,nodes,pods';
const fromPod = 'kubectl run -it --rm';
const samePod = 'test "$(kubectl get pods';
const address = matching('an address', /^\d+(?:\.\d+){3}$/);
const copied = matching('the digest of the copy', /@sha256:[0-9a-f]{64}$/m);
const rolledOut = matching('successfully rolled out', /successfully rolled out/);

/** What is known of docs/beyond.md beyond its commands. */
export const beyondGuide: Guide = {
  blocks: [{ line: '# In another terminal', terminal: '2' }],
  waits: {},
  inspections: [
    `kubectl get workspace -A -o jsonpath='{range .items[*]}{.metadata.name}: {.status.rootCause.message} {.status.rootCause.remedy}{"\\n"}{end}'`,
    'kubectl get nodeclaims,nodes,pods -A',
  ],
  entries: [
    {
      command: 'kubectl delete workspace',
      does: 'The Workspace is gone when its machine is.',
      manner: { ...once, sight: matching('deleted', /workspace-mistral-7b-instruct" deleted/), limit: long },
    },
    {
      command: 'az aks nodepool list',
      occurrence: 1,
      does: 'Azure knows no other agent pool.',
      manner: { ...once, sight: ownPoolAlone },
    },
    {
      command: 'kubectl get workspaces,nodeclaims,nodes,services,pods',
      does: 'Nothing is left of the model.',
      manner: { kind: 'repeated', sight: nothingLeft, limit: usualLimit },
    },
    {
      command: 'kaito azure setup',
      does: 'What the walkthrough has made is found; a role for the provisioner alone is added.',
      manner: { ...once, sight: matching('its role given', /✓ role assignment:/) },
    },
    {
      command: 'kaito image copy',
      does: 'From registry to registry, several blobs at once, each verified.',
      manner: { ...once, sight: copied, limit: long },
    },
    {
      command: 'kaito plan',
      does: 'The account of the memory, the price, and how long each phase takes at Azure.',
      manner: { ...once, sight: matching('the price and that it fits', /Price: +0\.53 USD\/h[^]*fits/) },
    },
    {
      command: 'kaito up',
      does: 'A machine is rented, the image pulled, the model loaded.',
      manner: {
        ...once,
        sight: matching('the Workspace answers', /workspace-phi-2 answers inside the cluster/),
        limit: long,
      },
    },
    {
      command: 'kaito chat',
      does: 'A port is forwarded into the pod for the time of the answer.',
      manner: { ...once, sight: { what: 'an answer', seen: (text) => text.trim() !== '' } },
    },
    {
      command: 'kaito down workspace-phi-2 --cluster',
      does: 'Deleted, and its machine given back.',
      manner: { ...once, limit: long },
    },
    {
      command: 'kubectl apply -f phi-2.yaml -f falcon.yaml',
      does: 'Two Workspaces, on machines of different types.',
      manner: { ...once, sight: matching('both created', /workspace-phi-2 created[^]*workspace-falcon created/) },
    },
    {
      command: watch,
      occurrence: 1,
      does: 'Two agent pools come into being at once.',
      manner: {
        kind: 'watched',
        title: 'Both models are ready',
        sight: allReady(2, 2),
        before: [{ title: 'A first look', sight: anyTable }],
        limit: long,
      },
    },
    {
      command: fromPod,
      occurrence: 1,
      does: 'Each answers under the name of its Workspace.',
      // What a pod prints before kubectl has attached to it is not seen: then a person asks again.
      manner: { kind: 'repeated', sight: bothAnswered, limit: usualLimit },
    },
    {
      command: 'kubectl annotate workspace',
      does: 'The annotation is accepted, with a warning: the address is open to all.',
      manner: { ...once, sight: matching('annotated, with a warning', /Warning: [^]*annotated/) },
    },
    {
      command: 'kubectl wait service workspace-phi-2',
      does: "The Service's type has changed, and the cloud has given it an address.",
      manner: { ...once, sight: matching('condition met', /condition met/) },
    },
    {
      command: 'kubectl get service workspace-phi-2',
      manner: { ...once, sight: matching('the address', /LoadBalancer .*203\.0\.113\.\d+/) },
    },
    { command: 'IP=', does: 'The address of the load balancer.', manner: { ...once, sight: address } },
    {
      command: 'curl -sS -m 30 -X POST http://$IP/chat',
      does: 'The model answers a caller outside of the cluster.',
      manner: { ...once, sight: answered },
    },
    {
      command: 'kubectl apply -f ingress-controller.json',
      does: 'A Deployment of Traefik, a Service of type LoadBalancer, and the class that Ingresses name.',
      manner: { ...once, sight: matching('the class and the Deployment created', /ingressclass[^]*deployment/) },
    },
    {
      command: 'kubectl rollout status deployment/traefik',
      does: 'It is an image like any other, pulled from Docker Hub.',
      manner: { ...once, sight: rolledOut },
    },
    {
      command: 'kubectl wait service traefik',
      manner: { ...once, sight: matching('condition met', /condition met/) },
    },
    { command: 'INGRESS=', does: 'Where the controller is reached.', manner: { ...once, sight: address } },
    {
      command: 'kubectl apply -f ingress.yaml',
      does: 'The controller takes it up.',
      manner: { ...once, sight: matching('the Ingress created', /ingress\S*\/phi-2 created/) },
    },
    {
      command: 'curl -sk -o /dev/null',
      does: 'The controller asks for a name and a password.',
      manner: { kind: 'repeated', sight: matching('401', /^401$/m), limit: usualLimit },
    },
    {
      command: 'curl -sSN --cacert tls.crt',
      does: 'Over TLS that was verified, each token as it was made.',
      manner: { ...once, sight: streamed },
    },
    {
      command: 'while curl',
      does: 'Every request was answered while KAITO was replaced.',
      manner: { kind: 'beside', until: samePod, end: 'interrupt', sight: allAnswered, limit: long },
    },
    {
      command: 'POD=',
      does: 'To know the pod by, later.',
      manner: { ...once, sight: matching('a UUID', /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/) },
    },
    {
      command: 'helm upgrade',
      does: 'The release of the add-on has another revision.',
      manner: { ...once, sight: matching('STATUS: deployed', /STATUS: deployed/) },
    },
    {
      command: 'kubectl rollout status deployment/kaito-workspace',
      does: 'Another operator looks after the Workspaces.',
      manner: { ...once, sight: rolledOut },
    },
    {
      command: 'kubectl rollout status deployment/kaito-gpu-provisioner',
      does: 'Another provisioner looks after the machines.',
      manner: { ...once, sight: rolledOut },
    },
    {
      command: samePod,
      does: 'No model was restarted.',
      manner: { ...once, sight: matching('the same pod', /^the same pod$/m) },
    },
    {
      command: 'POOL=',
      does: 'An agent pool has the name of its NodeClaim.',
      manner: { ...once, sight: matching('a name', /^ws[0-9a-f]{9}$/) },
    },
    {
      command: 'curl -sS --fail -X PUT $KAITO_AZURE_ADMIN',
      does: 'All processes of the machine have ended at once; nobody was told.',
    },
    {
      command: 'kubectl wait node',
      does: 'Its kubelet has not reported for 10 seconds.',
      manner: { ...once, sight: matching('condition met', /condition met/) },
    },
    {
      command: watch,
      occurrence: 2,
      does: 'The provisioner gives the machine up, the operator asks for another, and the pod moves there.',
      manner: {
        kind: 'watched',
        title: 'The dead machine is gone',
        sight: allReady(2, 2),
        before: [
          { title: 'The machine is dead', sight: machineDead },
          { title: 'Another has taken over', sight: takenOver },
        ],
        limit: long,
      },
    },
    {
      command: 'kaito down workspace-phi-2 workspace-falcon --cluster',
      does: 'Two Workspaces, two machines.',
      manner: { ...once, limit: long },
    },
    {
      command: 'kubectl apply -f llama.yaml',
      manner: { ...once, sight: matching('the Workspace created', /workspace-llama created/) },
    },
    {
      command: watch,
      occurrence: 3,
      does: 'Two machines, two pods of a StatefulSet.',
      manner: {
        kind: 'watched',
        title: 'All ranks are there',
        sight: allReady(1, 2),
        before: [
          { title: 'The nodes have come, the pods start', sight: modelOnItsWay },
          { title: 'The first rank loads the model', sight: firstRankWaits },
        ],
        limit: long,
      },
    },
    {
      command: 'kubectl get pods -l kaito.sh/workspace=workspace-llama',
      does: 'One rank on each machine.',
      manner: { ...once, sight: twoMachines },
    },
    {
      command: 'kubectl logs workspace-llama-0',
      does: 'The ranks met, then the first one began to serve.',
      manner: { ...once, sight: ranksMet },
    },
    {
      command: fromPod,
      occurrence: 2,
      does: 'The API of the llama-2 chat images: conversations in, the same with a reply out.',
      manner: { kind: 'repeated', sight: matching('the reply', /"role": ?"Assistant"/), limit: usualLimit },
    },
    {
      command: 'kaito down --all --cluster',
      does: 'All Workspaces of the namespace, and their machines.',
      manner: { ...once, limit: long },
    },
    {
      command: 'az aks nodepool list',
      occurrence: 2,
      does: 'Azure has everything back.',
      manner: { ...once, sight: ownPoolAlone },
    },
  ],
};
