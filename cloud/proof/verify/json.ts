import { difference, fromUtf8 } from './encoding.ts';

/** Where JSON stops being JSON. The platform's parser says so only for some errors, and the byte is what is asked for. */

const SPACE = /[ \t\r\n]*/y;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const WORD = /true|false|null/y;
const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;

function read(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : at;
}

/** The index after a string; of one that is not whole, where it breaks off. */
function string(text: string, from: number): { readonly at: number; readonly whole: boolean } {
  for (let at = from + 1; ; ) {
    const next = text[at] ?? '';
    if (next === '"') return { at: at + 1, whole: true };
    const end = next === '\\' ? read(ESCAPE, text, at) : next < ' ' ? at : at + 1;
    if (end === at) return { at, whole: false };
    at = end;
  }
}

type Expected = 'value' | 'valueOrEnd' | 'key' | 'keyOrEnd' | 'colon' | 'after';

/** The index of the first character that cannot stand where it stands; the length of the text when only something is missing. */
function stop(text: string): number {
  const open: string[] = [];
  let expected = 'value' as Expected;
  for (let at = read(SPACE, text, 0); ; at = read(SPACE, text, at)) {
    const next = text[at];
    if (next === undefined || (expected === 'after' && open.length === 0)) return at;
    const ends = expected === 'after' || expected === 'valueOrEnd' || expected === 'keyOrEnd';
    if (ends && next === open.at(-1)) {
      open.pop();
      expected = 'after';
      at += 1;
    } else if (expected === 'after') {
      if (next !== ',') return at;
      expected = open.at(-1) === '}' ? 'key' : 'value';
      at += 1;
    } else if (expected === 'colon') {
      if (next !== ':') return at;
      expected = 'value';
      at += 1;
    } else if (next === '"') {
      const { at: end, whole } = string(text, at);
      if (!whole) return end;
      at = end;
      expected = expected === 'key' || expected === 'keyOrEnd' ? 'colon' : 'after';
    } else if (expected === 'key' || expected === 'keyOrEnd') return at;
    else if (next === '{' || next === '[') {
      open.push(next === '{' ? '}' : ']');
      expected = next === '{' ? 'keyOrEnd' : 'valueOrEnd';
      at += 1;
    } else {
      const end = Math.max(read(NUMBER, text, at), read(WORD, text, at));
      if (end === at) return at;
      at = end;
      expected = 'after';
    }
  }
}

/** What is not JSON in `bytes`, with the byte where reading stops; undefined for JSON. */
export function jsonFault(bytes: Uint8Array): { readonly at: number; readonly why: string } | undefined {
  const text = fromUtf8(bytes);
  if (text === undefined) {
    const again = Buffer.from(Buffer.from(bytes).toString('utf8'));
    return { at: difference(bytes, again)?.[0] ?? 0, why: 'is not UTF-8' };
  }
  try {
    JSON.parse(text);
    return undefined;
  } catch (error) {
    const why = `is not JSON: ${error instanceof Error ? error.message : String(error)}`;
    return { at: Buffer.byteLength(text.slice(0, stop(text))), why };
  }
}
