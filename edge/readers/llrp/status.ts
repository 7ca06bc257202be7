import type { Frame } from './frame.ts';
import { Message, Param } from './numbers.ts';
import { parameters } from './parameters.ts';

/** What an answer or an ERROR_MESSAGE says. */
export interface Status {
  readonly code: number;
  /** The reader's own words, at most {@link WORDS} characters. */
  readonly words: string;
}

export const SUCCESS = 0;
const WORDS = 200;

/** Status codes (LLRP 1.0.1, table of LLRPStatus; 112 is of LLRP 1.1). */
const TEXTS: Readonly<Record<number, string>> = {
  0: 'success',
  100: 'wrong parameter in the message',
  101: 'wrong field in the message',
  102: 'unexpected parameter in the message',
  103: 'parameter missing in the message',
  104: 'parameter twice in the message',
  105: 'too many parameters in the message',
  106: 'field of the message out of bounds',
  107: 'unknown parameter in the message',
  108: 'unknown field in the message',
  109: 'message not supported',
  110: 'protocol version not supported',
  111: 'parameter of the message not supported',
  112: 'message not expected now',
  200: 'wrong parameter in a parameter',
  201: 'wrong field in a parameter',
  202: 'unexpected parameter in a parameter',
  203: 'parameter missing in a parameter',
  204: 'parameter twice in a parameter',
  205: 'too many parameters in a parameter',
  206: 'field of a parameter out of bounds',
  207: 'unknown parameter in a parameter',
  208: 'unknown field in a parameter',
  209: 'parameter of a parameter not supported',
  300: 'invalid value',
  301: 'value out of range',
  401: 'device error',
};

/** `301 value out of range: "..."`. */
export function statusText({ code, words }: Status): string {
  const meaning = TEXTS[code] ?? 'unknown status';
  return `${code} ${meaning}${words === '' ? '' : `: "${words}"`}`;
}

/** UTF-8 with its length in front, as printable text without control characters. */
export function wordsAt(bytes: Uint8Array, at: number, end: number): string {
  const length = at + 2 <= end ? ((bytes[at] as number) << 8) | (bytes[at + 1] as number) : 0;
  const said = new TextDecoder().decode(bytes.subarray(at + 2, Math.min(end, at + 2 + length)));
  return said
    .replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ')
    .trim()
    .slice(0, WORDS);
}

/** A custom message has its vendor and subtype before its parameters. */
const CUSTOM_BYTES = 5;

/** The LLRPStatus of an answer or an ERROR_MESSAGE; undefined when it has none. */
export function statusOf({ type, bytes, data, end }: Frame): Status | undefined {
  const from = type === Message.CUSTOM_MESSAGE ? data + CUSTOM_BYTES : data;
  const found = parameters(bytes, from, end).find((parameter) => parameter.type === Param.LLRP_STATUS && parameter.end - parameter.at >= 2);
  if (found === undefined) return undefined;
  return { code: ((bytes[found.at] as number) << 8) | (bytes[found.at + 1] as number), words: wordsAt(bytes, found.at + 2, found.end) };
}
