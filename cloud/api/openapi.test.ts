import { describe, expect, it } from 'vitest';
import { tell } from '../reconcile/explain.ts';
import { openapi, problemsOf } from './openapi.ts';
import { PROBLEMS } from './problems.ts';
import { findingExample } from './routes/documents.examples.ts';
import { ROUTES } from './table.ts';
import { call } from './testing/hub.ts';

type Json = { readonly [key: string]: unknown };

interface Operation {
  readonly operationId: string;
  readonly parameters: readonly { readonly name: string; readonly in: string; readonly required: boolean; readonly schema: Json }[];
  readonly responses: Readonly<Record<string, { readonly description: string }>>;
  readonly security: readonly Readonly<Record<string, readonly string[]>>[];
}

interface Document {
  readonly openapi: string;
  readonly info: { readonly title: string; readonly version: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Json; readonly securitySchemes: Json };
}

function* nodesOf(value: unknown): Generator<Json> {
  if (value === null || typeof value !== 'object') return;
  yield value as Json;
  for (const part of Object.values(value)) yield* nodesOf(part);
}

describe('the OpenAPI document', () => {
  it('is served without a key and covers exactly the routes of the table', async () => {
    const answer = await call('GET', '/v1/openapi.json');
    expect(answer.status).toBe(200);
    const { openapi: version, paths } = answer.body as Document;
    expect(version).toBe('3.1.1');
    const described = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(described.sort()).toEqual(ROUTES.map(({ method, path }) => `${method} ${path}`).sort());
  });

  it('has unique operation ids, declares every path parameter, and names only schemes and codes that exist', () => {
    const document = openapi(ROUTES) as unknown as Document;
    const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.values(methods).map((operation) => ({ path, operation })),
    );
    const ids = operations.map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { path, operation } of operations) {
      const inPath = operation.parameters.filter((parameter) => parameter.in === 'path').map(({ name }) => name);
      expect(inPath).toEqual([...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]));
      expect(operation.parameters.every(({ required, in: place }) => place !== 'path' || required)).toBe(true);
      expect(Object.keys(operation.responses).some((status) => status.startsWith('2'))).toBe(true);
      expect(Object.values(operation.responses).every(({ description }) => description.length > 0)).toBe(true);
      for (const scheme of operation.security.flatMap((one) => Object.keys(one)))
        expect(document.components.securitySchemes).toHaveProperty(scheme);
    }
    for (const route of ROUTES) for (const code of problemsOf(route)) expect(PROBLEMS).toHaveProperty(code);
  });

  it('resolves every reference inside itself', () => {
    const document = openapi(ROUTES) as unknown as Document;
    const references = [...nodesOf(document)].flatMap(({ $ref }) => (typeof $ref === 'string' ? [$ref] : []));
    expect(references.length).toBeGreaterThan(20);
    for (const reference of references) {
      expect(reference).toMatch(/^#\/components\/schemas\/\w+$/);
      expect(document.components.schemas).toHaveProperty(reference.split('/').at(-1) ?? '');
    }
  });

  it('shows examples that fit their schemas', () => {
    for (const route of ROUTES) {
      const where = `${route.method} ${route.path}`;
      if (route.body !== undefined && !('media' in route.body)) {
        expect(route.body.schema.safeParse(route.body.example).error, where).toBeUndefined();
      }
      for (const answer of Object.values(route.answers)) {
        if ('schema' in answer) expect(answer.schema.safeParse(answer.example).error, where).toBeUndefined();
      }
    }
  });

  it('shows the words that an explanation really has', () => {
    const { code, params, text } = findingExample.explanation;
    const setting = { item: 'Huile d’olive 1 l', site: 'Entrepôt de Lyon', timeZone: 'Europe/Paris' };
    // Which blank stands inside a number is the business of the runtime's locale data.
    const plain = (texts: object): string => JSON.stringify(texts).replace(/[\u00A0\u202F]/g, ' ');
    expect(plain(tell({ code, params }, setting).text)).toBe(plain(text));
  });
});
