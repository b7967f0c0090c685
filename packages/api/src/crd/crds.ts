import { nodeClaimStructure } from '../nodeclaim/schema.ts';
import { nodeClassStructure } from '../nodeclass/schema.ts';
import type { StructuralSchema } from '../structural/schema.ts';
import { workspaceStructure } from '../workspace/schema.ts';
import { nodeClaimColumns, nodeClassColumns, workspaceColumnsV1alpha1, workspaceColumnsV1beta1 } from './columns.ts';
import type { PrinterColumn } from './columns.ts';

export interface CustomResourceDefinitionVersion {
  name: string;
  served: boolean;
  storage: boolean;
  schema: { openAPIV3Schema: StructuralSchema };
  subresources: { status: Record<string, never> };
  additionalPrinterColumns: PrinterColumn[];
}

/** apiextensions.k8s.io/v1 CustomResourceDefinition, as far as it is used here. */
export interface CustomResourceDefinition {
  apiVersion: 'apiextensions.k8s.io/v1';
  kind: 'CustomResourceDefinition';
  metadata: { name: string };
  spec: {
    group: string;
    names: {
      kind: string;
      listKind: string;
      plural: string;
      singular: string;
      shortNames: string[];
      categories: string[];
    };
    scope: 'Namespaced' | 'Cluster';
    conversion: { strategy: 'None' };
    versions: CustomResourceDefinitionVersion[];
  };
}

interface Kind {
  group: string;
  kind: string;
  shortNames: string[];
  categories: string[];
  scope: 'Namespaced' | 'Cluster';
  schema: StructuralSchema;
  /** Oldest first; the last is stored. */
  versions: { name: string; columns: PrinterColumn[] }[];
}

const kinds: Kind[] = [
  {
    group: 'kaito.sh',
    kind: 'Workspace',
    shortNames: ['wk', 'wks'],
    categories: ['workspace'],
    scope: 'Namespaced',
    schema: workspaceStructure,
    versions: [
      { name: 'v1alpha1', columns: workspaceColumnsV1alpha1 },
      { name: 'v1beta1', columns: workspaceColumnsV1beta1 },
    ],
  },
  {
    group: 'kaito.sh',
    kind: 'KaitoNodeClass',
    shortNames: ['knc'],
    categories: ['kaito'],
    scope: 'Cluster',
    schema: nodeClassStructure,
    versions: [{ name: 'v1alpha1', columns: nodeClassColumns }],
  },
  {
    group: 'karpenter.sh',
    kind: 'NodeClaim',
    shortNames: [],
    categories: ['karpenter'],
    scope: 'Cluster',
    schema: nodeClaimStructure,
    versions: [{ name: 'v1', columns: nodeClaimColumns }],
  },
];

/** The CustomResourceDefinitions of Workspace, KaitoNodeClass and NodeClaim. Fresh objects at each call. */
export function crds(): CustomResourceDefinition[] {
  return kinds.map(crd);
}

function crd(kind: Kind): CustomResourceDefinition {
  const singular = kind.kind.toLowerCase();
  const plural = singular.endsWith('s') ? `${singular}es` : `${singular}s`;
  return structuredClone({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${kind.group}` },
    spec: {
      group: kind.group,
      names: {
        kind: kind.kind,
        listKind: `${kind.kind}List`,
        plural,
        singular,
        shortNames: kind.shortNames,
        categories: kind.categories,
      },
      scope: kind.scope,
      conversion: { strategy: 'None' },
      versions: kind.versions.map(({ name, columns }, index) => ({
        name,
        served: true,
        storage: index === kind.versions.length - 1,
        schema: { openAPIV3Schema: rootSchema(kind.schema) },
        subresources: { status: {} },
        additionalPrinterColumns: columns,
      })),
    },
  });
}

/** The API server checks apiVersion, kind and metadata itself, and allows a CRD to say nothing of them but their types. */
function rootSchema(schema: StructuralSchema): StructuralSchema {
  const { properties = {}, required = [], ...rest } = schema;
  const name = (field: string): StructuralSchema => ({
    type: 'string',
    description: properties[field]?.description ?? '',
  });
  return {
    ...rest,
    properties: { ...properties, apiVersion: name('apiVersion'), kind: name('kind'), metadata: { type: 'object' } },
    ...(required.includes('spec') ? { required: ['spec'] } : {}),
  };
}
