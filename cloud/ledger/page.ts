import { Fault } from '../../protocol/fault.ts';
import { num, type Sql } from './sql.ts';

/** Rows of a page when none are asked for, and the most that are given: a page stays below 100 KB. */
const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 500;

/** The number of rows a page will hold. */
export function limitOf(limit: number | undefined): number {
  return Math.max(1, Math.min(MAX_LIMIT, Math.floor(limit ?? DEFAULT_LIMIT)));
}

/** A cursor that names the last row of a page by its keys. */
export function cursorOf(keys: readonly (string | number)[]): string {
  return keys.map((key) => encodeURIComponent(String(key))).join('~');
}

/** The keys of a cursor as numbers; undefined without a cursor. @throws Fault CURSOR_INVALID */
export function keysOf(cursor: string | undefined, count: number): number[] | undefined {
  return textKeysOf(cursor, count)?.map((key) => numberKey(key, cursor));
}

/** A key of a cursor that is a number there. @throws Fault CURSOR_INVALID */
export function numberKey(key: string, cursor = key): number {
  const value = Number(key);
  if (!Number.isSafeInteger(value)) throw invalid(cursor);
  return value;
}

/** The keys of a cursor as text; undefined without a cursor. @throws Fault CURSOR_INVALID */
export function textKeysOf(cursor: string | undefined, count: number): string[] | undefined {
  if (cursor === undefined) return undefined;
  let keys: string[] = [];
  try {
    keys = cursor.split('~').map(decodeURIComponent);
  } catch {
    // refused below: a cursor that does not decode has the wrong number of keys
  }
  if (keys.length !== count) throw invalid(cursor);
  return keys;
}

const invalid = (cursor: string): Fault =>
  new Fault('CURSOR_INVALID', `cursor ${cursor.slice(0, 80)} is not one of this list: start again without it`);

/** The number of entries in the log: what a page is true for. */
export function sizeOf(sql: Sql): number {
  const row = sql.exec('SELECT size FROM head')[0];
  return row === undefined ? 0 : num(row, 'size');
}
