import { afterAll, beforeAll, test } from 'vitest';
import { type TestCluster, testCluster } from '@kaito/kube/testing';
import { labAround } from '../testing/attached.ts';
import { playFederation } from '../testing/federation.ts';
import { mintWith } from '../testing/mint.ts';

let cluster: TestCluster;

beforeAll(async () => {
  cluster = await testCluster();
});

afterAll(() => cluster.close());

test('Entra takes the tokens of an API server that was there before', () =>
  playFederation(labAround(), () => mintWith(cluster.client)));
