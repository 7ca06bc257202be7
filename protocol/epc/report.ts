import { digitalLink, elementString, gtinOf, pureUri, ssccOf, tagUri } from './forms.ts';
import { readEpc } from './reading.ts';

/** All forms of one EPC; what does not apply is absent. */
export interface EpcReport {
  readonly scheme: string;
  /** Of a raw one: its digits in upper case. */
  readonly hex?: string;
  readonly tagUri?: string;
  readonly pureUri?: string;
  readonly elementString?: string;
  readonly digitalLink?: string;
  readonly gtin?: string;
  /** Unescaped. */
  readonly serial?: string;
  readonly sscc?: string;
  readonly filter?: number;
}

export interface EpcProblem {
  readonly error: { readonly code: string; readonly message: string };
}

/** All forms of an EPC in hexadecimal; `raw` for what is no EPC, an error for what contradicts its scheme. Never throws. */
export function reportEpc(text: string): EpcReport | EpcProblem {
  const reading = readEpc(text);
  if (reading.kind === 'malformed') return { error: { code: reading.code, message: reading.message } };
  if (reading.kind === 'raw') return { scheme: 'raw', hex: reading.hex, pureUri: reading.uri };
  const { epc } = reading;
  const fields = {
    tagUri: tagUri(epc),
    pureUri: pureUri(epc),
    elementString: elementString(epc),
    digitalLink: digitalLink(epc),
    gtin: gtinOf(epc),
    serial: epc.serial,
    sscc: ssccOf(epc),
    filter: epc.filter,
  };
  const known = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
  return { scheme: epc.scheme, ...known };
}
