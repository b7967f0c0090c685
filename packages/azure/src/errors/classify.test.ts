import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { AzureErrorCode } from './azure-error.ts';
import { classify } from './classify.ts';

const subscription = '/subscriptions/0b1f6471-1bf0-4dda-aec3-111122223333';
const cluster = `${subscription}/resourceGroups/rg/providers/Microsoft.ContainerService/managedClusters/kaito`;
const context = { subscriptionId: subscription.slice(15), resourceGroup: 'rg', cluster: 'kaito' };

function refused(status: number | undefined, code: string, message: string, more: object = {}) {
  return classify({ status, body: JSON.stringify({ error: { code, message, ...more } }) }, context);
}

const quotaText =
  'Operation could not be completed as it results in exceeding approved standardNCADSA100v4Family Cores quota. Additional details - Deployment Model: Resource Manager, Location: westus3, Current Limit: 24, Current Usage: 24, Additional Required: 48, (Minimum) New Limit Required: 72. Setup Alerts when Quota reaches threshold. Learn more at https://aka.ms/quotamonitoringalerting . Submit a request for Quota increase at https://aka.ms/ProdportalCRP/#blade/Microsoft_Azure_Capacity/UsageAndQuota.ReactView/Parameters/%7B%22 by specifying parameters listed in the Details section for deployment to succeed.';

test.each<[AzureErrorCode, 'soon' | 'later' | 'never', number | undefined, string, string, RegExp]>([
  [
    'QuotaExceeded',
    'later',
    409,
    'OperationNotAllowed',
    quotaText,
    /standardNCADSA100v4Family in westus3 .*limit 24, in use 24, needed 48/,
  ],
  [
    'QuotaExceeded',
    'later',
    400,
    'ErrCode_InsufficientVCPUQuota',
    'Insufficient vcpu quota requested 24, remaining 0 for family standardNCSv3Family for region eastus.',
    /standardNCSv3Family in eastus .*left 0, needed 24/,
  ],
  [
    'QuotaExceeded',
    'later',
    400,
    'ErrCode_InsufficientVCPUQuota',
    'Insufficient vcpu quota requested 4, remaining 0 for family Standard NCASv3_T4 Family for region westus3.',
    /Standard NCASv3_T4 Family in westus3 .*left 0, needed 4/,
  ],
  [
    'QuotaExceeded',
    'later',
    400,
    'ErrCode_InsufficientVCPUQuota',
    'Insufficient regional vcpu quota left for location eastus. left regional vcpu quota 2, requested quota 6. If you want to increase the quota, please follow this instruction: https://learn.microsoft.com/quotas.',
    /quota cores in eastus .*left 2, needed 6/,
  ],
  [
    'QuotaExceeded',
    'later',
    409,
    'QuotaExceeded',
    'Operation could not be completed as it results in exceeding approved Total Regional Cores quota. Additional details - Location: northeurope, Current Limit: 100, Current Usage: 100, Additional Required: 4, (Minimum) New Limit Required: 104.',
    /quota cores in northeurope/,
  ],
  [
    'QuotaExceeded',
    'later',
    undefined,
    'OperationNotAllowed',
    'Operation could not be completed as it results in exceeding approved LowPriorityCores quota. Location: eastus, Current Limit: 0, Current Usage: 0, Additional Required: 6',
    /lowPriorityCores in eastus/,
  ],
  [
    'SkuNotAvailable',
    'later',
    409,
    'SkuNotAvailable',
    "The requested VM size for resource 'Following SKUs have failed for Capacity Restrictions: Standard_NC24ads_A100_v4' is currently not available in location 'westus3'. Please try another size or deploy to a different location or different zone. See https://aka.ms/azureskunotavailable for details.",
    /Standard_NC24ads_A100_v4 .*westus3/,
  ],
  [
    'SkuNotAvailable',
    'later',
    400,
    'BadRequest',
    "The VM size of AgentPoolProfile:gpu1 is not allowed in your subscription in location 'switzerlandnorth'.  For more details, please visit https://aka.ms/cpu-quota",
    /switzerlandnorth/,
  ],
  [
    'SkuNotAvailable',
    'later',
    400,
    'BadRequest',
    "The VM size of Standard_Nope is not allowed in your subscription in location 'westus3'. The available VM sizes are 'standard_nd40rs_v2'.",
    /machine type Standard_Nope .*westus3/,
  ],
  ['SkuNotAvailable', 'later', 400, 'VMSizeNotSupported', 'The VM size is not supported', /not offered/],
  [
    'ZoneNotAvailable',
    'later',
    400,
    'AvailabilityZoneNotSupported',
    "The zone(s) '3' for resource 'agentpool gpu1' is not supported. The supported zones for location 'westus3' are '1,2'",
    /zone 3 in westus3 does not offer/,
  ],
  [
    'ZoneNotAvailable',
    'later',
    409,
    'ZonalAllocationFailed',
    'Allocation failed. We do not have sufficient capacity for the requested VM size in this zone. Read more at http://aka.ms/allocation-guidance',
    /no .* left/,
  ],
  [
    'CapacityMissing',
    'later',
    409,
    'AllocationFailed',
    'Allocation failed. We do not have sufficient capacity for the requested VM size Standard_NC6s_v3 in this region.',
    /Standard_NC6s_v3 free/,
  ],
  [
    'CapacityMissing',
    'later',
    409,
    'OverconstrainedAllocationRequest',
    'Allocation failed. VM(s) with the following constraints cannot be allocated.',
    /no machine/,
  ],
  [
    'PoolLimitReached',
    'later',
    400,
    'MaxAgentPoolCountReached',
    'Managed cluster kaito has reached the maximum number of agent pools per cluster: 100.',
    /as many node pools/,
  ],
  [
    'PoolLimitReached',
    'later',
    400,
    'QuotaExceeded',
    'The maximum number of node pools (100) is reached.',
    /as many node pools/,
  ],
  [
    'SubnetFull',
    'later',
    400,
    'InsufficientSubnetSize',
    'Pre-allocated IPs 62 exceeds IPs available 20 in Subnet Cidr 10.0.0.0/27, Subnet Name aks-subnet.',
    /subnet aks-subnet has too few/,
  ],
  [
    'SubnetFull',
    'later',
    400,
    'SubnetIsFull',
    'Subnet aks-subnet with address prefix 10.0.0.0/27 does not have enough capacity for 31 IP addresses.',
    /aks-subnet/,
  ],
  [
    'PolicyDenied',
    'later',
    403,
    'RequestDisallowedByPolicy',
    `Resource 'gpu1' was disallowed by policy. Policy identifiers: '[{"policyAssignment":{"name":"Allowed sizes","id":"${subscription}/x"}}]'.`,
    /policy .*'Allowed sizes'/,
  ],
  [
    'PolicyDenied',
    'later',
    409,
    'ScopeLocked',
    'The scope cannot perform write operation because following scope(s) are locked.',
    /lock/,
  ],
  [
    'ProviderNotRegistered',
    'later',
    409,
    'MissingSubscriptionRegistration',
    "The subscription is not registered to use namespace 'Microsoft.ContainerService'. See https://aka.ms/rps-not-found for how to register subscriptions.",
    /Microsoft\.ContainerService/,
  ],
  [
    'OperationInProgress',
    'soon',
    409,
    'OperationNotAllowed',
    "Operation is not allowed because there's an in progress create node pool operation on the managed cluster started on 2026-01-01. Please wait for it to finish before starting a new operation. See https://aka.ms/aks-pending-operation for more details",
    /under way on the cluster kaito/,
  ],
  ['OperationInProgress', 'soon', 409, 'Conflict', 'The request conflicts with another.', /under way/],
  [
    'ClusterStopped',
    'later',
    409,
    'OperationNotAllowed',
    'Operation is not allowed because the managed cluster kaito is in (Stopped) power state. Please start the cluster before starting a new operation.',
    /kaito is stopped/,
  ],
  ['ClusterStopped', 'later', 400, 'BadRequest', 'The managed cluster is stopped.', /kaito is stopped/],
  ['PreconditionFailed', 'soon', 412, 'EtagMismatch', 'no', /exists already, or was changed/],
  [
    'ClusterNotFound',
    'later',
    404,
    'ResourceGroupNotFound',
    "Resource group 'rg' could not be found.",
    /no AKS cluster kaito/,
  ],
  ['NotFound', 'later', 404, 'NotFound', 'Agent Pool not found', /Agent Pool not found/],
  ['NotFound', 'soon', 400, 'PrincipalNotFound', 'Principal 1 does not exist in the directory.', /takes a minute/],
  ['InvalidRequest', 'later', 404, 'SubscriptionNotFound', "The subscription 'x' could not be found.", /subscription/],
  [
    'InvalidRequest',
    'never',
    400,
    'InvalidParameter',
    'The value of parameter agentPoolProfile.count is invalid. Please see https://aka.ms/aks-naming-rules for more details.',
    /refuses .*agentPoolProfile\.count is invalid\./,
  ],
  [
    'InvalidRequest',
    'never',
    404,
    'InvalidResourceType',
    'The resource type could not be found in the namespace',
    /resource type/,
  ],
  [
    'InvalidRequest',
    'never',
    undefined,
    'K8sVersionNotSupported',
    'Version 1.1 is not supported in this region.',
    /1\.1/,
  ],
  [
    'InvalidRequest',
    'later',
    409,
    'RoleDefinitionWithSameNameExists',
    'A custom role with the same name already exists in this directory.',
    /same name/,
  ],
  ['Throttled', 'soon', 429, 'SubscriptionRequestsThrottled', 'Number of requests exceeded', /no more calls/],
  ['ServerError', 'soon', 503, 'ServiceUnavailable', 'later please', /HTTP 503/],
  ['ServerError', 'soon', undefined, 'InternalServerError', 'An error has occurred.', /failed by itself/],
  [
    'OperationFailed',
    'later',
    undefined,
    'VMExtensionProvisioningError',
    'VM has reported a failure when processing extension',
    /VM has reported/,
  ],
  [
    'Unauthorized',
    'later',
    401,
    'InvalidAuthenticationTokenTenant',
    'The access token is from the wrong issuer. It must match the tenant associated with this subscription.',
    /another tenant/,
  ],
])('%s (%s): HTTP %s %s, %s', (code, retry, status, azureCode, message, says) => {
  const error = refused(status, azureCode, message);
  expect(error).toMatchObject({ code, retry, azureCode });
  expect(error.message.slice(0, 256)).toMatch(says);
  expect(error.message).not.toMatch(/https?:|\n/);
  expect(error.remedy).not.toBe('');
});

test("a quota that is none of vCPUs is told in Azure's words", () => {
  expect(refused(400, 'QuotaExceeded', 'Public IP addresses are limited to 10.').message).toBe(
    'a quota is used up: Public IP addresses are limited to 10. (QuotaExceeded)',
  );
});

test('an error of Compute that AKS hands on as text is told by what it is', () => {
  const error = refused(
    undefined,
    'ReconcileVMSSAgentPoolFailed',
    `VMSSAgentPoolReconciler retry failed: Category: ClientError; SubCode: OutOfQuota; Dependency: Microsoft.Compute/VirtualMachineScaleSet; OrginalError: Code="OperationNotAllowed" Message="${quotaText}"; AKSTeam: NodeProvisioning, Retriable: false`,
  );
  expect(error).toMatchObject({ code: 'QuotaExceeded', azureCode: 'OutOfQuota' });
  expect(error.remedy).toContain(
    'az quota update --resource-name standardNCADSA100v4Family --scope /subscriptions/0b1f6471-1bf0-4dda-aec3-111122223333/providers/Microsoft.Compute/locations/westus3 --resource-type dedicated --limit-object value=72',
  );
});

test.each([
  ['details', { details: [{ code: 'SkuNotAvailable', message: 'not available in location westus3' }] }],
  ['innererror', { innererror: { code: 'SkuNotAvailable', message: 'x' } }],
  ['subcode', { subcode: 'SkuNotAvailable' }],
])('a code within %s tells more than the one around it', (_, more) => {
  expect(refused(400, 'BadRequest', 'The request is bad', more)).toMatchObject({
    code: 'SkuNotAvailable',
    azureCode: 'SkuNotAvailable',
  });
});

test('an error within the text of a message is read', () => {
  const inner = JSON.stringify({ error: { code: 'ZonalAllocationFailed', message: 'full' } });
  expect(refused(undefined, 'DeploymentFailed', inner).code).toBe('ZoneNotAvailable');
});

test('a missing right names the identity, the action and the scope, and the command that gives it', () => {
  const action = 'Microsoft.ContainerService/managedClusters/agentPools/write';
  const error = refused(
    403,
    'AuthorizationFailed',
    `The client 'c0ffee00-0000-0000-0000-000000000001' with object id 'c0ffee00-0000-0000-0000-000000000002' does not have authorization to perform action '${action}' over scope '${cluster}/agentPools/gpu1' or the scope is invalid. If access was recently granted, please refresh your credentials.`,
  );
  expect(error).toMatchObject({ code: 'RightMissing', retry: 'later', status: 403 });
  expect(error.message).toBe(
    `the identity c0ffee00-0000-0000-0000-000000000002 lacks the right ${action} on managedClusters/kaito/agentPools/gpu1 in resource group rg; one just given takes up to 10 minutes to be known (AuthorizationFailed)`,
  );
  expect(error.remedy).toContain(
    `az role assignment create --assignee-object-id c0ffee00-0000-0000-0000-000000000002 --assignee-principal-type ServicePrincipal --role 'Azure Kubernetes Service Contributor Role' --scope ${cluster}`,
  );
});

test('a missing right on something linked names that', () => {
  const subnet = `${subscription}/resourceGroups/net/providers/Microsoft.Network/virtualNetworks/v/subnets/s`;
  const error = refused(
    403,
    'LinkedAuthorizationFailed',
    `The client 'ada@example.org' with object id 'o' has permission to perform action 'Microsoft.ContainerService/managedClusters/agentPools/write' on scope '${cluster}'; however, it does not have permission to perform action(s) 'Microsoft.Network/virtualNetworks/subnets/join/action' on the linked scope(s) '${subnet}' (respectively) or the linked scope(s) are invalid.`,
  );
  expect(error.message).toContain('subnets/join/action on virtualNetworks/v/subnets/s in resource group net');
  expect(error.remedy).toContain(`--assignee ada@example.org --role 'Network Contributor' --scope ${subnet}`);
});

test('the right to read usages is asked for on the subscription', () => {
  const error = refused(
    403,
    'AuthorizationFailed',
    `The client 'a' with object id 'b' does not have authorization to perform action 'Microsoft.Compute/locations/usages/read' over scope '${subscription}/providers/Microsoft.Compute/locations/westus3' or the scope is invalid.`,
  );
  expect(error.remedy).toContain(`--role 'Reader' --scope ${subscription}`);
});

test.each([
  [
    'Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/write',
    'Managed Identity Contributor',
  ],
  ['Microsoft.ManagedIdentity/userAssignedIdentities/read', 'Reader'],
  ['Microsoft.Authorization/roleAssignments/write', 'Role Based Access Control Administrator'],
  ['Microsoft.Authorization/roleDefinitions/write', 'User Access Administrator'],
  ['Microsoft.ContainerRegistry/registries/pull/read', 'AcrPull'],
  ['Microsoft.Storage/x/write', 'Contributor'],
])('the role for %s is %s', (action, role) => {
  const message = `The client 'a' with object id 'b' does not have authorization to perform action '${action}' over scope '/subscriptions/s/resourceGroups/g' or the scope is invalid.`;
  expect(refused(403, 'AuthorizationFailed', message).remedy).toContain(
    `--role '${role}' --scope /subscriptions/s/resourceGroups/g`,
  );
});

test('policies are named as people named them', () => {
  const info = { policyAssignmentDisplayName: 'No GPUs', policyDefinitionDisplayName: 'Allowed machine sizes' };
  const error = refused(403, 'RequestDisallowedByPolicy', 'was disallowed by policy', {
    additionalInfo: [{ type: 'PolicyViolation', info }],
  });
  expect(error.message).toContain("'No GPUs', 'Allowed machine sizes'");
});

test('a wrong tenant of the token is told with the right one', () => {
  const error = refused(
    401,
    'InvalidAuthenticationTokenTenant',
    "The access token is from the wrong issuer 'https://sts.windows.net/aaaaaaaa-0000-0000-0000-000000000001/'. It must match the tenant 'https://sts.windows.net/bbbbbbbb-0000-0000-0000-000000000002/' associated with this subscription.",
  );
  expect(error.remedy).toContain('az login --tenant bbbbbbbb-0000-0000-0000-000000000002');
});

test('whatever an answer holds, it is told in one line with a remedy', () => {
  const json = fc.jsonValue();
  const codes = fc.constantFrom('OperationNotAllowed', 'AuthorizationFailed', 'NotFound', 'SkuNotAvailable', 'x');
  const error = fc.record({
    code: fc.oneof(codes, fc.string()),
    message: fc.string({ unit: 'binary' }),
    details: fc.array(json),
  });
  fc.assert(
    fc.property(
      fc.option(fc.integer({ min: 100, max: 599 }), { nil: undefined }),
      fc.oneof(
        json,
        fc.string(),
        fc.record({ error }),
        json.map((value) => JSON.stringify(value)),
      ),
      (status, body) => {
        const told = classify({ status, body }, context);
        expect(told.message).toMatch(/^[^\n\r\t\0]+$/);
        expect([...told.message].length).toBeLessThan(800);
        expect(told.remedy).toMatch(/^[^\n]+$/);
        expect(told.message).not.toMatch(/https?:\/\//i);
      },
    ),
    { numRuns: 200 },
  );
});
