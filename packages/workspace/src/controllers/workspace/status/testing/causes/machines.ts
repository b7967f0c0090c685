import { aContainer, ago, aNode, aPlan, aPod, condition, waitingFor } from '../objects.ts';
import { type Case, missing, withPod, container, claims, launchFails } from './case.ts';

export const machines: readonly Case[] = [
  {
    name: 'a node that is lost',
    world: {
      ...withPod({
        phase: 'Running',
        containerStatuses: [aContainer({ state: { running: { startedAt: ago(590) } } })],
      }),
      nodes: [
        aNode('n1', {
          status: {
            conditions: [
              {
                type: 'Ready',
                status: 'Unknown',
                message: 'Kubelet stopped posting node status.',
                lastTransitionTime: ago(1000),
              },
            ],
          },
        }),
      ],
    },
    seen: { nodes: missing },
    code: 'NodeNotReady',
    needs: 'person',
    message: /node n1 is not ready since 2026-03-01T11:53:20Z: Kubelet stopped posting node status/,
  },
  {
    name: 'a node that a person took out of use',
    world: { nodes: [aNode('n1', { spec: { unschedulable: true } })] },
    seen: { nodes: { ...missing, workerNodes: ['n1'] } },
    code: 'NodeCordoned',
    needs: 'person',
    remedy: 'kubectl uncordon n1',
  },
  {
    name: 'a node under pressure that keeps the pod from starting',
    world: {
      ...container(waitingFor('ContainerCreating')),
      nodes: [
        aNode('n1', {
          status: {
            conditions: [
              { type: 'Ready', status: 'True', lastTransitionTime: ago(300) },
              { type: 'DiskPressure', status: 'True', lastTransitionTime: ago(20) },
            ],
          },
        }),
      ],
    },
    code: 'NodeDiskPressure',
    needs: 'person',
    reason: 'NodeDiskPressure',
  },
  {
    name: 'nodes without the device plugin, for long',
    world: { nodes: [aNode('n1')] },
    seen: { nodes: { ...missing, nodes: { wanted: 1, ready: [], withoutPlugin: ['n1'] }, requestedAt: ago(1500) } },
    code: 'NodePluginsNotReady',
    needs: 'person',
    remedy: 'kubectl describe daemonset nvidia-device-plugin-daemonset',
  },
  {
    name: 'no node of our own where none is rented',
    world: {},
    seen: {
      nodes: missing,
      plan: aPlan({ placement: { ...aPlan().placement!, machinesWanted: 0 } }),
    },
    code: 'NodesMissing',
    needs: 'person',
    remedy: 'kubectl label node <node> apps=phi',
  },
  {
    name: 'a quota of Azure, in the words of the Go provisioner',
    ...launchFails(
      'creating instance, agentPool.BeginCreateOrUpdate for "ws012345678" failed: PUT https://management.azure.com/subscriptions/0 -------- RESPONSE 400: 400 Bad Request ERROR CODE: ErrCode_InsufficientVCPUQuota -------- {"message": "left regional vcpu quota 0, requested quota 6."}',
    ),
    code: 'QuotaExceeded',
    needs: 'person',
    remedy: 'az vm list-usage',
  },
  {
    name: 'a machine type that is not offered',
    ...launchFails(
      'not offered in westeurope. Remedy: use another region: az account list-locations',
      'False',
      'SKUNotAvailable',
    ),
    code: 'SKUNotAvailable',
    needs: 'person',
    message: /^not offered in westeurope$/,
    remedy: 'use another region: az account list-locations',
  },
  {
    name: 'a right that the provisioner lacks',
    ...launchFails('RESPONSE 403: 403 Forbidden ERROR CODE: AuthorizationFailed'),
    code: 'CloudRightMissing',
    needs: 'person',
    remedy: 'az role assignment create',
  },
  {
    name: 'a federation that is missing',
    ...launchFails(
      'ManagedIdentityCredential authentication failed: AADSTS70021: No matching federated identity record found',
    ),
    code: 'FederationMissing',
    needs: 'person',
  },
  {
    name: 'a policy of Azure',
    ...launchFails('ERROR CODE: RequestDisallowedByPolicy'),
    code: 'RequestDisallowedByPolicy',
    needs: 'person',
  },
  {
    name: 'capacity that is gone for the moment',
    ...launchFails('ERROR CODE: ZonalAllocationFailed'),
    code: 'CapacityMissing',
    needs: 'time',
  },
  {
    name: 'an error of the provisioner that nobody knows',
    ...launchFails('the moon is full'),
    code: 'LaunchFailed',
    needs: 'person',
    remedy: 'kubectl describe nodeclaim ws012345678',
  },
  {
    name: 'a NodeClaim that nobody looks after',
    ...claims([]),
    code: 'ProvisionerSilent',
    needs: 'person',
    message: /NodeClaim ws012345678/,
  },
  {
    name: 'a NodeClaim just made, and a provisioner that could not start',
    ...claims([], ago(10), {
      provisioners: [
        aPod({
          containerStatuses: [
            aContainer({
              ...waitingFor('CrashLoopBackOff'),
              lastState: {
                terminated: {
                  exitCode: 1,
                  message: 'no federated credential (AADSTS70021). Remedy: az identity federated-credential create',
                },
              },
            }),
          ],
        }),
      ],
    }),
    code: 'FederationMissing',
    needs: 'person',
    message: /^the provisioner does not run: no federated credential \(AADSTS70021\)$/,
    remedy: 'az identity federated-credential create',
  },
  { name: 'a NodeClaim just made', ...claims([], ago(10)), code: 'WaitingForNodes', needs: 'time' },
  {
    name: 'a machine that starts, in the words of its provisioner',
    ...claims([
      condition('Launched', 'True', 'Launched'),
      condition('Registered', 'Unknown', 'NodeNotFound', 'Node not registered with cluster'),
    ]),
    code: 'WaitingForNodes',
    needs: 'time',
    message: /0 of 1 nodes are ready; Node not registered with cluster/,
  },
  {
    name: 'a cluster without NodeClaims',
    world: { nodeClaims: undefined },
    seen: { nodes: { ...missing, nodeClaims: [] } },
    code: 'NodeClaimsNotInstalled',
    needs: 'person',
    remedy: 'kubectl apply -f charts/kaito/files/crds',
  },
];
