/** Deepest nesting of a reader's JSON is five. */
const MAX_DEPTH = 16;

/**
 * Cuts a text stream into its JSON objects and arrays, also where they follow one another without a separator (`}{`), as readers do over TCP
 * and WebSocket and in some messages. It reads brackets and strings only: what a piece holds, JSON.parse judges. Text between pieces that is
 * no white space or comma, pieces over the limits and an unfinished end count as garbage. Memory is bounded by one piece.
 */
export class JsonSplitter {
  /** Stretches of text that were no JSON. */
  garbage = 0;
  readonly #maxChars: number;
  #piece = '';
  #closers = '';
  #inString = false;
  #escaped = false;
  #inGarbage = false;

  /** @param maxChars the longest piece, in UTF-16 code units */
  constructor(maxChars: number) {
    this.#maxChars = maxChars;
  }

  /** Takes the next part of the text; returns the pieces that it completes. */
  push(text: string): string[] {
    const pieces: string[] = [];
    let from = 0;
    for (let at = 0; at < text.length; at++) {
      const char = text[at] as string;
      if (this.#closers === '') {
        if (char === '{' || char === '[') {
          from = at;
          this.#inGarbage = false;
          this.#closers = closerOf(char);
        } else if (!/[\s,]/.test(char)) this.#drop();
      } else if (this.#inString) {
        if (this.#escaped) this.#escaped = false;
        else if (char === '\\') this.#escaped = true;
        else if (char === '"') this.#inString = false;
      } else if (char === '"') this.#inString = true;
      else if (char === '{' || char === '[') {
        if (this.#closers.length === MAX_DEPTH) this.#drop();
        else this.#closers += closerOf(char);
      } else if (char === '}' || char === ']') {
        if (this.#closers.at(-1) !== char) this.#drop();
        else this.#closers = this.#closers.slice(0, -1);
        if (this.#closers === '' && !this.#inGarbage) {
          pieces.push(this.#piece + text.slice(from, at + 1));
          this.#piece = '';
        }
      }
      if (this.#closers !== '' && this.#piece.length + at - from >= this.#maxChars) this.#drop();
    }
    if (this.#closers !== '') this.#piece += text.slice(from);
    return pieces;
  }

  /** The text is over: an unfinished piece is garbage, and the next text begins anew. */
  end(): void {
    if (this.#closers !== '') this.#drop();
    this.#inGarbage = false;
  }

  #drop(): void {
    if (!this.#inGarbage) this.garbage++;
    this.#inGarbage = true;
    this.#piece = '';
    this.#closers = '';
    this.#inString = false;
    this.#escaped = false;
  }
}

const closerOf = (char: string): string => (char === '{' ? '}' : ']');
