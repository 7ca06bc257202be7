import * as z from 'zod';
import { MIN_BOOTSTRAP_LENGTH } from './authorize.ts';
import { PROBLEMS, type ProblemCode } from './problems.ts';
import type { Answer, Route } from './route.ts';
import { problem } from './schemas/problem.ts';
import { shapes } from './schemas/shape.ts';

type Json = Record<string, unknown>;

const component = (id: string): string => `#/components/schemas/${id}`;

/** A schema by reference where it has a name, else as it is. OpenAPI 3.1 takes JSON Schema 2020-12 unchanged. */
function schemaOf(schema: z.ZodType): Json {
  const id = shapes.get(schema)?.id;
  if (id !== undefined) return { $ref: component(id) };
  // The shape that a caller sends or sees is the input of a schema: outputs differ by defaults and normal forms only.
  const { $schema: _, ...json } = z.toJSONSchema(schema, { io: 'input' }) as Json;
  return json;
}

function components(): Json {
  const { schemas } = z.toJSONSchema(shapes, { io: 'input', uri: component });
  return Object.fromEntries(
    Object.entries(schemas).map(([id, schema]) => {
      const { $schema: _, $id: __, ...json } = schema as Json;
      return [id, json];
    }),
  );
}

function parameters(schema: z.ZodObject | undefined, place: 'path' | 'query'): Json[] {
  if (schema === undefined) return [];
  return Object.entries(schema.shape).map(([name, part]) => {
    const { description, ...json } = schemaOf(part as z.ZodType);
    const required = place === 'path' || !(part as z.ZodType).safeParse(undefined).success;
    return { name, in: place, required, ...(description === undefined ? {} : { description }), schema: json };
  });
}

function requestBody(route: Route): Json | undefined {
  const { body } = route;
  if (body === undefined) return undefined;
  if (!('media' in body)) {
    return { required: true, content: { 'application/json': { schema: schemaOf(body.schema), example: body.example } } };
  }
  const content = Object.fromEntries(
    body.media.map(({ type, schema, example }) => [
      type,
      { schema: schema === undefined ? { type: 'string' } : schemaOf(schema), example },
    ]),
  );
  return { required: true, content };
}

function success(answer: Answer): Json {
  if ('schema' in answer) {
    return { description: answer.text, content: { 'application/json': { schema: schemaOf(answer.schema), example: answer.example } } };
  }
  if ('media' in answer) {
    const example = answer.example === undefined ? {} : { example: answer.example };
    return { description: answer.text, content: { [answer.media]: { schema: { type: 'string' }, ...example } } };
  }
  return { description: answer.text };
}

/** Every code that a route may answer: its own, and those that follow from its right and from what it takes. */
export function problemsOf(route: Route): ProblemCode[] {
  const codes: ProblemCode[] = [...(route.problems ?? []), 'METHOD_NOT_ALLOWED', 'INTERNAL'];
  if (route.right !== 'open') codes.push('KEY_MISSING', 'KEY_INVALID', 'RATE_LIMITED');
  if (route.right === 'bootstrap') codes.push('BOOTSTRAP_CLOSED');
  if (typeof route.right !== 'string') codes.push('BUSY', 'KEY_EXPIRED', 'KEY_REVOKED', 'SCOPE_MISSING');
  if (route.params !== undefined) codes.push('PATH_INVALID');
  if (route.query !== undefined) codes.push('QUERY_INVALID');
  if (route.query !== undefined && 'cursor' in route.query.shape) codes.push('CURSOR_INVALID');
  if (route.body !== undefined) codes.push('MEDIA_TYPE', 'BODY_TOO_LARGE');
  if (route.body !== undefined && !('media' in route.body)) codes.push('BODY_INVALID', 'JSON_INVALID');
  return [...new Set(codes)];
}

function failures(route: Route): Json {
  const byStatus = new Map<number, ProblemCode[]>();
  for (const code of problemsOf(route)) {
    const { status } = PROBLEMS[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  return Object.fromEntries(
    [...byStatus].map(([status, codes]) => [
      String(status),
      { description: codes.join(', '), content: { 'application/problem+json': { schema: schemaOf(problem) } } },
    ]),
  );
}

function security(route: Route): Json[] {
  if (route.right === 'open') return [];
  return route.right === 'bootstrap' ? [{ bootstrap: [] }] : [{ key: [...route.right] }];
}

function operation(route: Route): Json {
  const body = requestBody(route);
  return {
    operationId: route.id,
    summary: route.summary,
    parameters: [...parameters(route.params, 'path'), ...parameters(route.query, 'query')],
    ...(body === undefined ? {} : { requestBody: body }),
    responses: {
      ...Object.fromEntries(Object.entries(route.answers).map(([status, answer]) => [status, success(answer)])),
      ...failures(route),
    },
    security: security(route),
  };
}

/** The OpenAPI 3.1 document of a route table. */
export function openapi(routes: readonly Route[]): Json {
  const paths: Record<string, Json> = {};
  for (const route of routes) {
    const path = paths[route.path] ?? {};
    path[route.method.toLowerCase()] = operation(route);
    paths[route.path] = path;
  }
  return {
    openapi: '3.1.1',
    info: {
      title: 'Docket',
      version: '1',
      description: 'Warehouse stock and invoices that agree. Errors are problem+json (RFC 9457) with a stable `code`.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    paths,
    components: {
      schemas: components(),
      securitySchemes: {
        key: { type: 'http', scheme: 'bearer', bearerFormat: 'dk_live_<id>_<secret>', description: 'API key; the tenant is the key’s' },
        bootstrap: {
          type: 'http',
          scheme: 'bearer',
          description: `The hub’s BOOTSTRAP_TOKEN, at least ${MIN_BOOTSTRAP_LENGTH} characters`,
        },
      },
    },
  };
}
