import { decodeEpcHex, MAX_SERIAL } from '../epc.ts';
import { ssccOf } from './forms.ts';
import { readWhole } from './reading.ts';

/** What a tag names: an item, a logistic unit, or bits that are counted as they are. */
export type Identity =
  | { readonly gtin: string; readonly serial: number }
  | { readonly sscc: string }
  /** Upper-case hexadecimal. */
  | { readonly raw: string };

/** Headers of schemes that may name what an SGTIN-96 or SSCC-96 can: SGTIN-198, SGTIN+ and ++, DSGTIN+ and ++, SSCC+ and ++. */
const LONGER = new Set(['36', 'F7', 'FD', 'FB', 'FC', 'F9', 'EF']);
/** A serial as an SGTIN-96 has it: with a leading zero it is another serial (TDS section 14.6.1). */
const SERIAL = /^(0|[1-9]\d{0,11})$/;

function ofLonger(raw: string): Identity {
  const reading = readWhole(raw);
  if (reading.kind !== 'epc') return { raw };
  const { elements } = reading.epc;
  const sscc = ssccOf(reading.epc);
  if (sscc !== undefined) return { sscc };
  const [key, serial] = [elements[0], elements[1]];
  const number = serial?.[0] === '21' && SERIAL.test(serial[1]) ? Number(serial[1]) : Number.NaN;
  return key?.[0] === '01' && number <= MAX_SERIAL ? { gtin: key[1], serial: number } : { raw };
}

/**
 * The identity of an EPC in hexadecimal. The encoding is no part of it (TDS section 6): an item that was tagged anew with a longer scheme is
 * the same item. A serial that no SGTIN-96 can hold stays raw, as do all other schemes: nothing is dropped.
 */
export function identityOf(hex: string): Identity {
  const epc = decodeEpcHex(hex);
  if (epc.scheme === 'sgtin-96') return { gtin: epc.gtin, serial: epc.serial };
  if (epc.scheme === 'sscc-96') return { sscc: epc.sscc };
  return LONGER.has(epc.hex.slice(0, 2)) ? ofLonger(epc.hex) : { raw: epc.hex };
}
