import type { RootCause } from '../../assessment.ts';
import { brief, withoutStop } from '../../brevity.ts';
import type { Policy, View } from '../policy.ts';
import { argument } from './argument.ts';
import { describePod, scope } from './kubectl.ts';
import { forContainers } from './pods.ts';

const reasons: ReadonlySet<string> = new Set([
  'ErrImagePull',
  'ImagePullBackOff',
  'InvalidImageName',
  'ErrImageNeverPull',
  'ImageInspectError',
  'RegistryUnavailable',
  'SignatureValidationFailed',
]);

interface Refusal {
  readonly code: string;
  readonly pattern: RegExp;
  readonly say: (image: string) => string;
  readonly remedy: (view: View, image: string) => string;
  /** May come right by itself. */
  readonly passing?: true;
}

const notFound: Refusal = {
  code: 'ImagePullNotFound',
  pattern: /not found|manifest unknown|name unknown|does not exist|\b404\b/i,
  say: (image) => `image ${image} does not exist`,
  remedy: findImage,
};

/** By the words of containerd and the kubelet; first hit wins. */
const refusals: readonly Refusal[] = [
  {
    code: 'ImagePullCertificateUntrusted',
    pattern: /x509|certificate/i,
    say: (image) =>
      `the node does not trust the certificate of ${registryOf(image)}, so image ${image} cannot be pulled`,
    remedy: (_, image) =>
      `make the nodes trust the authority of ${registryOf(image)}: https://learn.microsoft.com/azure/aks/custom-certificate-authority`,
  },
  {
    code: 'ImagePullRateLimited',
    pattern: /toomanyrequests|\b429\b|rate limit/i,
    say: (image) => `${registryOf(image)} hands out no more images for a while (image ${image})`,
    remedy: () =>
      'wait, log in with a pull Secret in presetOptions.imagePullSecrets, or copy the image into your own registry: az acr import',
    passing: true,
  },
  {
    code: 'ImagePullPlatformMissing',
    pattern: /no match for platform|no matching manifest/i,
    say: (image) => `image ${image} is not made for the node's kind of processor`,
    remedy: () => 'use an image for linux/amd64, or another machine type: kaito machines',
  },
  {
    code: 'NodeDiskFull',
    pattern: /no space left on device/i,
    say: (image) => `the disk of the node has no space left for image ${image}`,
    remedy: () => 'take a machine with a larger disk: kaito machines',
  },
  // Of several credentials the kubelet tells all that came of them, and Azure's provider adds an anonymous one: who got in knows what is there.
  { ...notFound, pattern: /\bcode = NotFound\b/ },
  {
    code: 'ImagePullUnauthorized',
    pattern:
      /\b40[13]\b|unauthori[sz]ed|authentication required|access denied|\bdenied\b|no basic auth|insufficient_scope|failed to authorize|anonymous token/i,
    say: (image) => `${registryOf(image)} does not let the node pull image ${image}`,
    remedy: grantPull,
  },
  notFound,
  {
    code: 'ImagePullNetworkUnreachable',
    pattern:
      /no such host|i\/o timeout|dial tcp|connection re(?:fused|set)|handshake timeout|unreachable|deadline exceeded|\bEOF\b|50[0234] /i,
    say: (image) => `the node does not reach ${registryOf(image)} for image ${image}`,
    remedy: (_, image) =>
      `let the nodes reach https://${registryOf(image)} (firewall, DNS, private endpoint); it is tried again by itself`,
    passing: true,
  },
];

/** Seconds for which a network may be out before a person is asked. */
const outageSeconds = 120;

/** The image of a container cannot be pulled. */
export const imagePullRefused: Policy = forContainers((view, pod, container): RootCause | undefined => {
  const { state, reason, image, message = '' } = container;
  if (state !== 'waiting' || reason === undefined || !reasons.has(reason)) return undefined;
  if (reason === 'InvalidImageName') {
    return {
      code: 'ImageNameInvalid',
      message: brief(`${image} is no name of an image`),
      needs: 'person',
      remedy: nameAnother(view),
    };
  }
  if (reason === 'ErrImageNeverPull') {
    return {
      code: 'ImageNotOnNode',
      message: brief(`image ${image} is not on node ${pod.node ?? ''}, and its imagePullPolicy is Never`),
      needs: 'person',
      remedy: 'set imagePullPolicy to IfNotPresent in the template',
    };
  }
  // Before Kubernetes 1.31 the back-off does not repeat why; the kubelet's last word on it is then what was said before.
  const said = message.replace(/^Back-off pulling image "[^"]*"(?:: )?(?:ErrImagePull: )?/, '');
  const refusal = refusals.find(({ pattern }) => pattern.test(withoutName(said, image)));
  if (refusal !== undefined) {
    const person = refusal.passing !== true || view.passed(pod.scheduledAt ?? pod.createdAt, outageSeconds);
    return {
      code: refusal.code,
      message: brief(refusal.say(image)),
      needs: person ? 'person' : 'time',
      remedy: refusal.remedy(view, image),
    };
  }
  const before = view.workspace.status?.rootCause;
  if (said === '' && before?.code.startsWith('ImagePull') === true && before.remedy !== undefined) {
    return { code: before.code, message: before.message, needs: before.needs, remedy: before.remedy };
  }
  return {
    code: 'ImagePullError',
    message: brief(`image ${image} cannot be pulled${said === '' ? '' : `: ${withoutStop(said)}`}`),
    needs: 'person',
    remedy: `see why: ${describePod(view, pod)}`,
  };
});

/** The name of the image may hold the very words that are looked for. */
function withoutName(text: string, image: string): string {
  return text.replaceAll(image, '');
}

/** `docker.io` where the name has no registry, as containerd reads it. */
export function registryOf(image: string): string {
  const [first = '', ...rest] = image.split('/');
  const named = rest.length > 0 && (first.includes('.') || first.includes(':') || first === 'localhost');
  return named ? first : 'docker.io';
}

function azureRegistry(image: string): string | undefined {
  return /^([a-z0-9]+)(?:-[a-z0-9]+)?\.azurecr\.[a-z.]+$/i.exec(registryOf(image))?.[1];
}

function grantPull(view: View, image: string): string {
  const secrets = view.plan.runtime?.imagePullSecrets ?? [];
  const [secret] = secrets;
  const acr = azureRegistry(image);
  const { managedCluster } = view.evidence;
  const cluster =
    managedCluster === undefined
      ? '-n <cluster> -g <resource group>'
      : `-n ${argument(managedCluster.name)} -g ${argument(managedCluster.resourceGroup)}`;
  const attach = acr && `az aks update ${cluster} --attach-acr ${acr}`;
  const make = makeSecret(secret?.name ?? '<secret>', view, image);
  if (secret !== undefined) {
    const check = `see whether the pull Secret is there and right: kubectl get secret ${secret.name}${scope(view)} -o yaml; make it: ${make}`;
    return attach === undefined ? check : `${check}; or attach the registry: ${attach}`;
  }
  const login = `make a pull Secret, named in presetOptions.imagePullSecrets: ${make}`;
  return attach === undefined ? login : `attach the registry to the cluster: ${attach}; or ${login}`;
}

/** Of an Azure registry its admin user, whose name is the registry's. */
function makeSecret(name: string, view: View, image: string): string {
  const acr = azureRegistry(image);
  const create = `kubectl create secret docker-registry ${name}${scope(view)} --docker-server=${registryOf(image)}`;
  return acr === undefined
    ? `${create} --docker-username=<user> --docker-password=<password>`
    : `az acr update -n ${acr} --admin-enabled true && ${create} --docker-username=${acr} --docker-password="$(az acr credential show -n ${acr} --query 'passwords[0].value' -o tsv)"`;
}

/** The public image is copied under its own tag: another tag may be one that was never meant. */
function findImage(view: View, image: string): string {
  const acr = azureRegistry(image);
  const [path, tag] = splitTag(image.slice(registryOf(image).length + 1));
  const look =
    acr === undefined
      ? 'check name and tag'
      : `see which tags there are: az acr repository show-tags -n ${acr} --repository ${path}`;
  const mend = `${look}; ${nameAnother(view)}`;
  const source = view.plan.runtime?.publicImage;
  if (source === undefined) return mend;
  const [, sourceTag] = splitTag(source);
  const copy =
    acr === undefined
      ? `copy KAITO's there: kaito image copy ${source} ${registryOf(image)}/${path}:${sourceTag}`
      : `copy KAITO's there: az acr import -n ${acr} --source ${source} --image ${path}:${sourceTag}`;
  return tag === sourceTag ? `${copy}; or ${mend}` : `${mend}; or ${copy}`;
}

/** A preset and its image are fixed for the life of their Workspace. */
function nameAnother(view: View): string {
  const workspace = `workspace ${view.plan.workspace.name}${scope(view)}`;
  return view.plan.runtime?.kind === 'template'
    ? `name another image: kubectl edit ${workspace}`
    : `name another image in the Workspace, made anew: kubectl delete ${workspace} && kubectl apply -f <manifest>`;
}

/** `models/phi-2:0.0.9` as `models/phi-2` and `0.0.9`; a digest is no tag. */
function splitTag(name: string): readonly [string, string | undefined] {
  const [, path = name, tag] = /^(.*?)(?::([\w.-]+))?(?:@.*)?$/.exec(name) ?? [];
  return [path, tag];
}
