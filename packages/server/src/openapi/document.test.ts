import SwaggerParser from '@apidevtools/swagger-parser';
import { describe, expect, it } from 'vitest';
import type { ApiFlavour } from '../service.ts';
import { testServer } from '../testing/server.ts';

describe.each<ApiFlavour>(['text-generation', 'llama-completion', 'llama-chat'])(
  'the OpenAPI document of %s',
  (api) => {
    it('is valid, and tells of the routes that there are', async () => {
      await using server = await testServer({ service: { api } });
      const document = (await (await fetch(`${server.url}/openapi.json`)).json()) as Parameters<
        typeof SwaggerParser.validate
      >[0];
      const validated = await SwaggerParser.validate(document);
      for (const [path, operations] of Object.entries(validated.paths ?? {})) {
        for (const method of ['get', 'post'] as const) {
          const there = Object.hasOwn(operations as object, method);
          const response = await fetch(server.url + path.replace('{id}', 'echo'), { method: method.toUpperCase() });
          await response.arrayBuffer();
          if (there) expect([404, 405], `${method} ${path}`).not.toContain(response.status);
          else expect(response.status, `${method} ${path}`).toBe(405);
        }
      }
    });
  },
);
