import { inflateSync } from 'node:zlib';
import { Fault } from '../../../protocol/fault.ts';

/** All streams of one file that are looked into: an invoice of 20 MB, beside the tables that lead to it. */
export const MAX_INFLATED_BYTES = 30_000_000;

/** What may still be inflated of one file. One bomb and a thousand small ones meet the same bound. */
export class InflateBudget {
  #left = MAX_INFLATED_BYTES;

  /**
   * Inflates a zlib stream (FlateDecode); never holds more than the bound.
   * @throws Fault LIMIT_SIZE past the bound, PDF_NO_INVOICE for a stream that is damaged
   */
  inflate(deflated: Uint8Array): Uint8Array {
    let plain: Uint8Array;
    try {
      // What follows the stream, often a line end, is passed over; so is a checksum that was cut off.
      plain = inflateSync(deflated, { maxOutputLength: this.#left, finishFlush: Z_SYNC_FLUSH });
    } catch (error) {
      if ((error as { code?: string }).code === 'ERR_BUFFER_TOO_LARGE' || error instanceof RangeError)
        throw new Fault('LIMIT_SIZE', `the PDF's streams come to more than ${MAX_INFLATED_BYTES} bytes: no invoice is as large`);
      throw new Fault('PDF_NO_INVOICE', `a compressed stream of the PDF is damaged: ${(error as Error).message}`);
    }
    this.#left -= plain.length;
    return plain;
  }
}

/** zlib.h: give out what there is when the input ends. */
const Z_SYNC_FLUSH = 2;
