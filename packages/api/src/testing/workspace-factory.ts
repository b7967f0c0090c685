import type { Workspace } from '../workspace.ts';

type Section = Record<string, unknown>;

/** The seed's Workspace: mistral-7b-instruct on one machine with T4s, from a private registry. */
export function seedWorkspace(): Workspace {
  return {
    apiVersion: 'kaito.sh/v1alpha1',
    kind: 'Workspace',
    metadata: { name: 'workspace-mistral-7b-instruct' },
    resource: {
      instanceType: 'Standard_NC64as_T4_v3',
      labelSelector: { matchLabels: { apps: 'mistral-7b-instruct' } },
    },
    inference: {
      preset: {
        name: 'mistral-7b-instruct',
        presetOptions: { image: 'myregistry.azurecr.io/mistral-7b-instruct:0.0.2' },
      },
    },
  };
}

/** The seed's Workspace with sections replaced, as an untyped object: for values that the types forbid. */
export function workspaceWith(sections: Section): Section {
  return { ...seedWorkspace(), ...sections };
}

/** The seed's Workspace with fields of its resource section added or replaced. */
export function withResource(fields: Section): Section {
  return workspaceWith({ resource: { ...seedWorkspace().resource, ...fields } });
}

/** A Workspace with an inference section of these fields beside a preset. */
export function withInference(fields: Section): Section {
  return workspaceWith({ inference: { preset: { name: 'mistral-7b-instruct' }, ...fields } });
}
