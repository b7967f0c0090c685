import { expectTypeOf, test } from 'vitest';
import type { z } from 'zod';
import type { NodeClaim } from '../nodeclaim/node-claim.ts';
import type { KaitoNodeClass } from '../nodeclass/node-class.ts';
import type { Workspace } from '../workspace.ts';
import type { nodeClaimSchema } from './node-claim.ts';
import type { nodeClassSchema } from './node-class.ts';
import type { workspaceSchema } from './workspace.ts';

/** The fields of a type, its index signatures left out. */
type Known<T> = T extends (infer Item)[]
  ? Known<Item>[]
  : T extends object
    ? { [K in keyof T as string extends K ? never : K]: Known<T[K]> }
    : T;

// The compiler proves these; an `extends` in one direction is in each schema's `satisfies`.
test('the types and the schemas have the same fields', () => {
  expectTypeOf<Known<Required<Workspace>['resource']>>().toEqualTypeOf<
    Known<Required<z.output<typeof workspaceSchema>>['resource']>
  >();
  expectTypeOf<keyof Workspace>().toEqualTypeOf<keyof z.output<typeof workspaceSchema>>();
  expectTypeOf<Known<Required<Workspace>['inference']>>().toEqualTypeOf<
    Known<Required<z.output<typeof workspaceSchema>>['inference']>
  >();
  expectTypeOf<Known<Required<Workspace>['tuning']>>().toEqualTypeOf<
    Known<Required<z.output<typeof workspaceSchema>>['tuning']>
  >();
  expectTypeOf<keyof Known<Required<Workspace>['status']>>().toEqualTypeOf<
    keyof Required<z.output<typeof workspaceSchema>>['status']
  >();
  expectTypeOf<NodeClaim['spec']>().toEqualTypeOf<z.output<typeof nodeClaimSchema>['spec']>();
  expectTypeOf<Required<NodeClaim>['status']>().toEqualTypeOf<Required<z.output<typeof nodeClaimSchema>>['status']>();
  expectTypeOf<Required<KaitoNodeClass>['spec']>().toEqualTypeOf<Required<z.output<typeof nodeClassSchema>>['spec']>();
});
