import { acrImage, aPlan, aPod } from '../objects.ts';
import { type Case, pulls } from './case.ts';

const refused = `failed to resolve reference "${acrImage}": failed to authorize: failed to fetch anonymous token: 401 Unauthorized`;
const absent = `failed to resolve reference "${acrImage}": ${acrImage}: not found`;
const told = aPod(
  {},
  {
    spec: {
      containers: [
        {
          name: 'gpu-provisioner',
          env: [
            { name: 'AZURE_CLUSTER_NAME', value: 'kaito' },
            { name: 'ARM_RESOURCE_GROUP', value: 'Kaito(Lab)' },
          ],
        },
      ],
    },
  },
);
const published = (tag: string) => ({
  plan: aPlan({ runtime: { ...aPlan().runtime!, publicImage: `mcr.microsoft.com/aks/kaito/kaito-phi-2:${tag}` } }),
});

export const images: readonly Case[] = [
  {
    name: '401 from an Azure registry',
    world: pulls(
      'ErrImagePull',
      `failed to pull and unpack image "${acrImage}": failed to resolve reference "${acrImage}": failed to authorize: failed to fetch anonymous token: unexpected status from GET request to https://contoso.azurecr.io/oauth2/token?scope=repository%3Amodels%2Fphi-2%3Apull&service=contoso.azurecr.io: 401 Unauthorized`,
    ),
    code: 'ImagePullUnauthorized',
    needs: 'person',
    message: /contoso\.azurecr\.io does not let the node pull/,
    remedy: 'az aks update -n <cluster> -g <resource group> --attach-acr contoso',
    reason: 'ImagePullError',
  },
  {
    name: 'the same in back-off',
    world: pulls(
      'ImagePullBackOff',
      `Back-off pulling image "${acrImage}": ErrImagePull: failed to pull and unpack image "${acrImage}": failed to resolve reference "${acrImage}": failed to authorize: failed to fetch anonymous token: unexpected status from GET request to https://contoso.azurecr.io/oauth2/token: 401 Unauthorized`,
    ),
    code: 'ImagePullUnauthorized',
    needs: 'person',
  },
  {
    name: "the same where the provisioner's pods name the cluster",
    world: { ...pulls('ErrImagePull', refused), provisioners: [told] },
    code: 'ImagePullUnauthorized',
    needs: 'person',
    remedy: "az aks update -n kaito -g 'Kaito(Lab)' --attach-acr contoso",
  },
  {
    name: 'the same with a pull Secret',
    world: pulls('ErrImagePull', refused),
    seen: { plan: aPlan({ runtime: { ...aPlan().runtime!, imagePullSecrets: [{ name: 'pull' }] } }) },
    code: 'ImagePullUnauthorized',
    needs: 'person',
    remedy:
      'make it: az acr update -n contoso --admin-enabled true && kubectl create secret docker-registry pull -n team --docker-server=contoso.azurecr.io --docker-username=contoso --docker-password="$(az acr credential show -n contoso --query \'passwords[0].value\' -o tsv)"; or attach',
  },
  {
    name: 'access denied by Docker Hub',
    world: pulls(
      'ErrImagePull',
      'failed to resolve reference "docker.io/acme/phi:1": pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed',
      'acme/phi:1',
    ),
    code: 'ImagePullUnauthorized',
    needs: 'person',
    remedy: '--docker-server=docker.io',
  },
  {
    name: 'a tag that does not exist',
    world: pulls(
      'ErrImagePull',
      `failed to pull and unpack image "${acrImage}": failed to resolve reference "${acrImage}": contoso.azurecr.io/models/phi-2:0.0.9: not found`,
    ),
    code: 'ImagePullNotFound',
    needs: 'person',
    remedy: 'az acr repository show-tags -n contoso --repository models/phi-2',
  },
  {
    name: "the tag of KAITO's own image, which was not copied",
    world: pulls('ErrImagePull', absent),
    seen: published('0.0.9'),
    code: 'ImagePullNotFound',
    needs: 'person',
    remedy:
      "copy KAITO's there: az acr import -n contoso --source mcr.microsoft.com/aks/kaito/kaito-phi-2:0.0.9 --image models/phi-2:0.0.9; or see which tags",
  },
  {
    name: "another tag than that of KAITO's own image",
    world: pulls('ErrImagePull', absent),
    seen: published('0.0.4'),
    code: 'ImagePullNotFound',
    needs: 'person',
    remedy:
      "made anew: kubectl delete workspace demo -n team && kubectl apply -f <manifest>; or copy KAITO's there: az acr import -n contoso --source mcr.microsoft.com/aks/kaito/kaito-phi-2:0.0.4 --image models/phi-2:0.0.4",
  },
  {
    name: "a tag that does not exist in another's registry",
    world: pulls('ErrImagePull', 'manifest unknown', 'reg.example:5000/phi:1@sha256:0'),
    seen: published('1'),
    code: 'ImagePullNotFound',
    needs: 'person',
    remedy:
      "copy KAITO's there: kaito image copy mcr.microsoft.com/aks/kaito/kaito-phi-2:1 reg.example:5000/phi:1; or check",
  },
  {
    name: "a tag that does not exist, for the node's identity and for anybody",
    world: pulls(
      'ImagePullBackOff',
      `Back-off pulling image "${acrImage}": ErrImagePull: [rpc error: code = NotFound desc = failed to pull and unpack image "${acrImage}": failed to resolve reference "${acrImage}": ${acrImage}: not found, failed to pull and unpack image "${acrImage}": failed to resolve reference "${acrImage}": failed to authorize: failed to fetch anonymous token: unexpected status: 401 Unauthorized]`,
    ),
    code: 'ImagePullNotFound',
    needs: 'person',
  },
  {
    name: 'manifest unknown',
    world: pulls(
      'ErrImagePull',
      'rpc error: code = NotFound desc = manifest unknown: manifest tagged by "0.0.9" is not found',
    ),
    code: 'ImagePullNotFound',
    needs: 'person',
  },
  {
    name: 'a registry whose name does not resolve',
    world: pulls(
      'ErrImagePull',
      'failed to do request: Head "https://contoso.azurecr.io/v2/models/phi-2/manifests/0.0.9": dial tcp: lookup contoso.azurecr.io on 168.63.129.16:53: no such host',
    ),
    code: 'ImagePullNetworkUnreachable',
    needs: 'person',
    message: /does not reach contoso\.azurecr\.io/,
  },
  {
    name: 'a rate limit',
    world: pulls(
      'ErrImagePull',
      'toomanyrequests: You have reached your unauthenticated pull rate limit.',
      'acme/phi:1',
    ),
    code: 'ImagePullRateLimited',
    needs: 'person',
  },
  {
    name: 'a certificate that the node does not trust',
    world: pulls(
      'ErrImagePull',
      'tls: failed to verify certificate: x509: certificate signed by unknown authority',
      'reg.example/phi:1',
    ),
    code: 'ImagePullCertificateUntrusted',
    needs: 'person',
  },
  {
    name: 'an image for another processor',
    world: pulls('ErrImagePull', 'no match for platform in manifest: not found'),
    code: 'ImagePullPlatformMissing',
    needs: 'person',
  },
  {
    name: 'a disk too small for the image',
    world: pulls('ErrImagePull', 'failed to extract layer sha256:0: write /x: no space left on device'),
    code: 'NodeDiskFull',
    needs: 'person',
    reason: 'ImagePullError',
  },
  {
    name: 'an invalid image name',
    world: pulls('InvalidImageName', "couldn't parse image name", 'Contoso/Phi'),
    code: 'ImageNameInvalid',
    needs: 'person',
    remedy: 'kubectl delete workspace demo -n team',
    reason: 'ImagePullError',
  },
  {
    name: 'an invalid image name in a template',
    world: pulls('InvalidImageName', "couldn't parse image name", 'Contoso/Phi'),
    seen: { plan: aPlan({ runtime: { ...aPlan().runtime!, kind: 'template' } }) },
    code: 'ImageNameInvalid',
    needs: 'person',
    remedy: 'kubectl edit workspace demo -n team',
  },
];
