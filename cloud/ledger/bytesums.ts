/** Where a sum starts again from 0: added to it, a byte times its place in the largest original still gives an exact number. */
const MODULUS = 2 ** 52;

// A remainder of such numbers takes far longer, and an original has up to 20 million bytes.
const wrapped = (sum: number): number => (sum >= MODULUS ? sum - MODULUS : sum);

/**
 * The sum of the bytes of a file, and of each byte times its place from 1. A hash says that a file was changed; with these an auditor works
 * out which byte it was and what it was before, in an original of any size.
 */
export class ByteSums {
  #place = 0;
  #plain = 0;
  #weighted = 0;

  add(chunk: Uint8Array): void {
    for (const byte of chunk) {
      this.#place += 1;
      this.#plain = wrapped(this.#plain + byte);
      this.#weighted = wrapped(this.#weighted + byte * this.#place);
    }
  }

  /** `<sum> <weighted sum>`, decimal. */
  toString(): string {
    return `${this.#plain} ${this.#weighted}`;
  }
}
