import { writeAgency } from './agency.ts';
import { malformed } from './bits.ts';
import { componentsOf, writeClassic } from './classic.ts';
import { type PlusFields, writePlus } from './plus.ts';
import { CLASSICS, PLUSES } from './schemes.ts';

const classics = new Map(CLASSICS.map((classic) => [classic.scheme, classic]));
const pluses = new Map(PLUSES.map((plus) => [plus.scheme, plus]));

/** Every scheme that can be read and written. */
export const SCHEMES: readonly string[] = [...classics.keys(), 'gid-96', 'usdod-96', 'adi-var', ...pluses.keys()];

/** Components before the last, which may hold dots of its own. */
function split(scheme: string, body: string): string[] {
  const parts = body.split('.');
  const classic = classics.get(scheme);
  const before = scheme === 'gid-96' ? 2 : scheme === 'usdod-96' ? 2 : classic?.ai === '8006' ? 5 : classic?.tail.kind === 'none' ? 2 : 3;
  const last = parts.slice(before).join('.');
  return [...parts.slice(0, before), ...(parts.length > before ? [last] : [])];
}

/**
 * The EPC of a tag URI as upper-case hexadecimal, filled to whole words of 16 bits.
 * @throws Fault EPC_UNENCODABLE
 */
export function encodeTagUri(uri: string): string {
  const [, scheme, body] = /^urn:epc:tag:([a-z]+-(?:\d+|var)):(.+)$/.exec(uri) ?? malformed('EPC_UNENCODABLE', `${uri} is no EPC tag URI`);
  let all: string[];
  try {
    all = split(scheme as string, body as string).map(decodeURIComponent);
  } catch {
    malformed('EPC_UNENCODABLE', `${uri} holds an escape that is none`);
  }
  const [filter, ...components] = scheme === 'gid-96' ? ['0', ...all] : all;
  if (!/^\d{1,2}$/.test(filter as string)) malformed('EPC_UNENCODABLE', `${uri} has no filter value`);
  const classic = classics.get(scheme as string);
  const hex =
    classic === undefined ? writeAgency(scheme as string, Number(filter), components) : writeClassic(classic, Number(filter), components);
  return hex ?? malformed('EPC_UNENCODABLE', `${scheme} is no scheme of tag URIs`);
}

export interface Identity extends PlusFields {
  /** As in tag URIs; TDS 2 schemes end in `+` or `++`. */
  readonly scheme: string;
  /** Digits of the company prefix, 6 to 12: what a GS1 key does not tell and classic schemes need. */
  readonly prefixDigits?: number;
}

/**
 * The EPC of a GS1 identity as upper-case hexadecimal, filled to whole words of 16 bits. Elements are `['01', gtin14], ['21', serial]` and
 * so on, keys with their check digit.
 * @throws Fault EPC_UNENCODABLE, EPC_CHECK_DIGIT
 */
export function encodeElements({ scheme, prefixDigits, ...fields }: Identity): string {
  const plus = pluses.get(scheme);
  if (plus !== undefined) return writePlus(plus, fields);
  const classic = classics.get(scheme) ?? malformed('EPC_UNENCODABLE', `${scheme} is no scheme of GS1 keys`);
  if (prefixDigits === undefined) malformed('EPC_UNENCODABLE', `${scheme} needs the length of the company prefix`);
  return writeClassic(classic, fields.filter ?? 0, componentsOf(classic, fields.elements, prefixDigits));
}
