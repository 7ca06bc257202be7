import type { z } from 'zod';
import { type FieldError, Problem } from './problem.ts';
import type { ProblemCode } from './problems.ts';

/** Errors shown at once: enough to mend a form, short enough to read. */
const MAX_FIELDS = 50;

/** What a schema found wrong, by field as `packs[0].quantity`. */
export function fieldErrors(error: z.ZodError): FieldError[] {
  return error.issues.slice(0, MAX_FIELDS).map((issue) => ({
    field: issue.path.reduce<string>((path, part) => {
      if (typeof part === 'number') return `${path}[${part}]`;
      return path === '' ? String(part) : `${path}.${String(part)}`;
    }, ''),
    message: issue.message,
  }));
}

/** Parses path or query with its schema. @throws Problem PATH_INVALID, QUERY_INVALID with the fields */
export function checked(schema: z.ZodType | undefined, value: unknown, code: ProblemCode): unknown {
  if (schema === undefined) return undefined;
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const fields = fieldErrors(result.error);
  throw new Problem(code, `${fields[0]?.field ?? ''}: ${fields[0]?.message ?? 'does not fit'}`, { fields });
}

/** The query as an object; a parameter that stands twice is refused, since no reader could say which one counts. */
export function queryOf(url: URL): Record<string, string> {
  const query: Record<string, string> = {};
  for (const [name, value] of url.searchParams) {
    if (Object.hasOwn(query, name)) {
      throw new Problem('QUERY_INVALID', `${name.slice(0, 40)} stands twice: send it once`, {
        fields: [{ field: name.slice(0, 40), message: 'stands twice' }],
      });
    }
    Object.defineProperty(query, name, { value, enumerable: true });
  }
  return query;
}
