import { utf8 } from './bytes.ts';

/**
 * The preset dictionary of batch version 1 (RFC 1951 raw deflate with a dictionary): what every record says in the same
 * words. It is part of the wire format: changing one byte of it needs a new batch version. The likeliest text stands last,
 * where back references are shortest.
 */
export const DICTIONARY: Uint8Array = utf8(
  '{"clock":{"boot":"","mono":,"synced":false,"wall":},"previous":{"chain":"","epoch":1,"seq":},"reason":"restored","type":"epoch","v":1}' +
    '{"by":"","clock":{"boot":"","decision":"","items":[{"raw":["3034"]}],"reason":"","type":"decision","v":1,"verdict":"stray"}' +
    '"document":{"how":"sscc","kind":"sscc","number":"","kind":"order","doubts":[{"gtin":"0","serials":[],"ssccs":["00"],"direction":"unknown","direction":"in",' +
    '{"clock":{"boot":"","mono":,"offset":-,"synced":true,"wall":17},"closed":17,"confidence":1000,"direction":"out","document":{"how":"chosen","kind":"despatchAdvice","number":""},' +
    '"door":"","items":[{"gtin":"0340","serials":[]}],"opened":17,"part":1,"parts":1,"passage":"","strays":0,"type":"passage","v":1}',
);
