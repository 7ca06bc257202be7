import type { DecodedEpc } from './decoded.ts';

/** Characters of GS1's sets that a URN may not hold as they are (TDS table A-1). */
const URN_ESCAPED = /["#%&/<>?]/g;
/** All but RFC 3986's unreserved characters: GS1 Digital Link URI syntax escapes them in path and query. */
const URL_ESCAPED = /[^A-Za-z0-9._~-]/g;

const percent = (char: string): string => `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;

/** A component as it stands in an EPC URI. */
export const urnEscape = (text: string): string => text.replace(URN_ESCAPED, percent);
/** A value as it stands in a Digital Link. */
export const urlEscape = (text: string): string => text.replace(URL_ESCAPED, percent);

/** Where Digital Links without a hostname of their own point (GS1 Digital Link URI syntax, canonical form). */
const CANONICAL_HOST = 'id.gs1.org';

/** Key qualifiers in the order that a Digital Link's path has them, by the key's AI; all other AIs go into the query. */
const QUALIFIERS: Readonly<Record<string, readonly string[]>> = {
  '01': ['22', '10', '21'],
  '8006': ['22', '10', '21'],
  '414': ['254'],
  '8010': ['8011'],
  '8017': ['8019'],
  '8018': ['8019'],
};

/** `urn:epc:tag:...`: scheme, filter and identity (TDS section 12); undefined for TDS 2 schemes. */
export function tagUri({ scheme, filter, uri }: DecodedEpc): string | undefined {
  if (uri === undefined) return undefined;
  return `urn:epc:tag:${scheme}:${filter === undefined ? '' : `${filter}.`}${uri.map(urnEscape).join('.')}`;
}

/** `urn:epc:id:...`: the identity alone, the same for every encoding of it (TDS section 6); undefined for TDS 2 schemes. */
export function pureUri({ scheme, uri }: DecodedEpc): string | undefined {
  return uri === undefined ? undefined : `urn:epc:id:${scheme.replace(/-.*/, '')}:${uri.map(urnEscape).join('.')}`;
}

/** `(01)...(21)...`, values as they are; undefined without a GS1 key. */
export function elementString({ elements }: DecodedEpc): string | undefined {
  return elements.length === 0 ? undefined : elements.map(([ai, value]) => `(${ai})${value}`).join('');
}

/** `https://id.gs1.org/01/.../21/...?17=...`; undefined without a GS1 key. */
export function digitalLink({ elements, hostname }: DecodedEpc): string | undefined {
  const [key, ...others] = elements;
  if (key === undefined) return undefined;
  const order = QUALIFIERS[key[0]] ?? [];
  const path = order.flatMap((ai) => others.filter(([one]) => one === ai));
  const query = others.filter(([ai]) => !order.includes(ai));
  const segments = [key, ...path].map(([ai, value]) => `/${ai}/${urlEscape(value)}`).join('');
  const pairs = query.map(([ai, value]) => `${ai}=${urlEscape(value)}`).join('&');
  return `https://${hostname ?? CANONICAL_HOST}${segments}${pairs === '' ? '' : `?${pairs}`}`;
}

/** The GTIN-14 that an EPC names, of an item or of a piece of one. */
export function gtinOf({ elements }: DecodedEpc): string | undefined {
  const [ai, value] = elements[0] ?? ['', ''];
  return ai === '01' ? value : ai === '8006' ? value.slice(0, 14) : undefined;
}

/** The 18 digits of an SSCC. */
export function ssccOf({ elements }: DecodedEpc): string | undefined {
  return elements[0]?.[0] === '00' ? elements[0][1] : undefined;
}
