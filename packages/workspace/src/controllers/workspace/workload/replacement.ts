import type { KubeObject } from '@kaito/kube';
import type { RenderedObject } from '@kaito/render';

type Texts = Readonly<Record<string, string>>;

interface WithTemplate {
  readonly spec?: { readonly template?: { readonly metadata?: { readonly annotations?: Texts } } };
}

/**
 * What is sent in place of `live`: its identity, and the labels and annotations of others, everything else as desired. Those that only
 * `previous` had, from which `live` was written, go. A Service keeps what the API server has allotted to it; pods keep the annotations that a
 * person has given their template (`kubectl rollout restart`) where the template is otherwise the same, so that a repair restarts no more.
 */
export function replacementOf(live: KubeObject, desired: KubeObject, previous: RenderedObject | undefined): KubeObject {
  const { spec } = desired as unknown as { readonly spec: object };
  const allotted = desired.kind === 'Service' ? (live as unknown as { readonly spec: object }).spec : {};
  return {
    ...live,
    metadata: {
      ...live.metadata,
      labels: merged(live.metadata.labels, previous?.metadata.labels, desired.metadata.labels),
      annotations: merged(live.metadata.annotations, previous?.metadata.annotations, desired.metadata.annotations),
    },
    spec: { ...allotted, ...withTemplateAnnotations(spec, live) },
  } as KubeObject;
}

function merged(live: Texts = {}, previous: Texts = {}, desired: Texts = {}): Texts {
  const others = Object.entries(live).filter(([key]) => !(key in previous));
  return { ...Object.fromEntries(others), ...desired };
}

function withTemplateAnnotations(spec: object, live: KubeObject): object {
  const { template } = spec as NonNullable<WithTemplate['spec']>;
  const theirs = (live as WithTemplate).spec?.template?.metadata?.annotations;
  if (template === undefined || theirs === undefined) return spec;
  const annotations = { ...theirs, ...template.metadata?.annotations };
  return { ...spec, template: { ...template, metadata: { ...template.metadata, annotations } } };
}
