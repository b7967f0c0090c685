import { ingressControllerImage } from './ingress-controller.ts';

const name = 'traefik';
const labels = { 'app.kubernetes.io/name': name };
const metadata = { name, namespace: name, labels };

const reads = ['get', 'list', 'watch'];

const rules = [
  { apiGroups: [''], resources: ['services', 'secrets'], verbs: reads },
  { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: reads },
  { apiGroups: ['networking.k8s.io'], resources: ['ingresses', 'ingressclasses'], verbs: reads },
  { apiGroups: ['networking.k8s.io'], resources: ['ingresses/status'], verbs: ['update'] },
];

const flags = {
  'entrypoints.web.address': ':8000',
  'entrypoints.websecure.address': ':8443',
  'experimental.kubernetesingressnginx': true,
  'providers.kubernetesingressnginx': true,
  'providers.kubernetesingressnginx.publishservice': `${name}/${name}`,
  'providers.providersthrottleduration': '100ms',
  'global.checknewversion': false,
  'global.sendanonymoususage': false,
  ping: true,
};

const container = {
  name,
  image: ingressControllerImage,
  args: Object.entries(flags).map(([flag, value]) => `--${flag}=${value}`),
  ports: [
    { name: 'web', containerPort: 8000 },
    { name: 'websecure', containerPort: 8443 },
  ],
  readinessProbe: { periodSeconds: 1, httpGet: { path: '/ping', port: 8080 } },
  securityContext: {
    runAsNonRoot: true,
    runAsUser: 65532,
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ['ALL'] },
  },
};

/**
 * An ingress controller in the namespace `traefik`, on the image of `ingressImage`: a Service of type LoadBalancer (80 and 443), and the class
 * `nginx`, whose annotations it reads.
 */
export function ingressObjects(): readonly object[] {
  return [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name } },
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata },
    { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name, labels }, rules },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name, labels },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name },
      subjects: [{ kind: 'ServiceAccount', name, namespace: name }],
    },
    {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'IngressClass',
      metadata: { name: 'nginx', labels },
      spec: { controller: 'k8s.io/ingress-nginx' },
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata,
      spec: {
        type: 'LoadBalancer',
        selector: labels,
        ports: [
          { name: 'http', port: 80, targetPort: 'web' },
          { name: 'https', port: 443, targetPort: 'websecure' },
        ],
      },
    },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata,
      spec: {
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { serviceAccountName: name, containers: [container] } },
      },
    },
  ];
}
