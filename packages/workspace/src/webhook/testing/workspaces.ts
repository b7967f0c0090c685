type Section = Readonly<Record<string, unknown>>;

/** A Workspace that is admitted, with sections replaced; untyped, for values that the types forbid. `undefined` takes a section out. */
export function workspaceWith(sections: Section = {}): Record<string, unknown> {
  const whole: Record<string, unknown> = {
    apiVersion: 'kaito.sh/v1beta1',
    kind: 'Workspace',
    metadata: { name: 'phi' },
    resource: { instanceType: 'Standard_NC24ads_A100_v4', labelSelector: { matchLabels: { apps: 'phi' } } },
    inference: { preset: { name: 'phi-2' } },
    ...sections,
  };
  return Object.fromEntries(Object.entries(whole).filter(([, value]) => value !== undefined));
}

/** With fields of `resource` added or replaced. */
export function withResource(fields: Section): Record<string, unknown> {
  const { resource } = workspaceWith() as { readonly resource: Section };
  return workspaceWith({ resource: { ...resource, ...fields } });
}

/** With this preset. */
export function withPreset(preset: Section, more: Section = {}): Record<string, unknown> {
  return workspaceWith({ inference: { preset }, ...more });
}

/** With a pod template that asks for `gpus` GPUs, its pod spec replaced by `spec` where one is given. */
export function withTemplate(
  options: { readonly gpus?: number; readonly spec?: unknown; readonly template?: unknown } = {},
) {
  const { gpus } = options;
  const container = {
    name: 'main',
    image: 'registry.example.com/model:1',
    ...(gpus === undefined ? {} : { resources: { limits: { 'nvidia.com/gpu': String(gpus) } } }),
  };
  const template = options.template ?? { spec: 'spec' in options ? options.spec : { containers: [container] } };
  return workspaceWith({ inference: { template } });
}

/** A GGUF preset on a machine without a GPU, with adapters. */
export function withAdapters(...adapters: readonly unknown[]): Record<string, unknown> {
  return workspaceWith({
    resource: { instanceType: 'Standard_D8s_v5', labelSelector: { matchLabels: { apps: 'smollm' } } },
    inference: { preset: { name: 'smollm2-135m-instruct' }, adapters },
  });
}
