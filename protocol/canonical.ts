import { Fault } from './fault.ts';

/** Values that a canonical body may hold: no floats, so that every implementation writes the same bytes. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json | undefined };

/** Nesting beyond this is refused: no record needs more than 6, and recursion must stay bounded. */
const MAX_DEPTH = 32;

/**
 * Canonical JSON after RFC 8785 (JCS), restricted to safe integers: keys sorted by UTF-16 code units, no white space,
 * members with the value undefined left out.
 * @throws Fault NOT_CANONICAL for a float, an unsafe integer, a lone surrogate or nesting over 32 levels.
 */
export function canonical(value: Json, depth = 0): string {
  if (depth > MAX_DEPTH) throw new Fault('NOT_CANONICAL', `nested deeper than ${MAX_DEPTH} levels: flatten the value`);
  switch (typeof value) {
    case 'string':
      if (!value.isWellFormed()) throw new Fault('NOT_CANONICAL', 'a string holds a lone surrogate: send valid Unicode');
      return JSON.stringify(value);
    case 'number':
      if (!Number.isSafeInteger(value)) {
        throw new Fault('NOT_CANONICAL', `${value} is not a safe integer: use a scaled integer or a decimal string`);
      }
      return Object.is(value, -0) ? '0' : String(value);
    case 'boolean':
      return value ? 'true' : 'false';
    default:
      break;
  }
  if (value === null) return 'null';
  if (Array.isArray(value)) {
    // A record is mostly lists of serials: written at once they cost a fraction, and for integers JSON is canonical.
    if (value.every(Number.isSafeInteger) && depth < MAX_DEPTH) return JSON.stringify(value);
    return `[${value.map((item: Json) => canonical(item, depth + 1)).join(',')}]`;
  }
  const object = value as { readonly [key: string]: Json | undefined };
  const parts: string[] = [];
  for (const key of Object.keys(object).sort()) {
    const member = object[key];
    if (member !== undefined) parts.push(`${canonical(key)}:${canonical(member, depth + 1)}`);
  }
  return `{${parts.join(',')}}`;
}

/**
 * Parses canonical JSON and refuses any other spelling of the same value, duplicate keys included.
 * @throws Fault NOT_CANONICAL
 */
export function parseCanonical(text: string): Json {
  let value: Json;
  try {
    value = JSON.parse(text) as Json;
  } catch (error) {
    throw new Fault('NOT_CANONICAL', `not JSON: ${(error as Error).message}`);
  }
  if (canonical(value) !== text) {
    throw new Fault('NOT_CANONICAL', 'the text is JSON but not in canonical form (RFC 8785, integers only)');
  }
  return value;
}
