import type { Element } from './identifiers.ts';

/** An EPC read from its bits; every text is unescaped. Its URIs, element string and Digital Link follow from it (forms.ts). */
export interface DecodedEpc {
  /** As in tag URIs: `sgtin-96`, `adi-var`; TDS 2 schemes end in `+` or `++`. */
  readonly scheme: string;
  /** Control information, no part of the identity (TDS section 10). */
  readonly filter?: number;
  /** Components of the URI behind the filter; absent for TDS 2 schemes, which have no URI. */
  readonly uri?: readonly string[];
  /** Key, qualifiers, date, +AIDC data in this order; empty for GID, USDoD and ADI, which are no GS1 keys. */
  readonly elements: readonly Element[];
  /** Serial, extension or document number; `0` of an SGLN means none. */
  readonly serial?: string;
  /** Of a "++" scheme: where its Digital Link points, no part of the identity. */
  readonly hostname?: string;
}
