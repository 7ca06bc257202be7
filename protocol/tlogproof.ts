import { fromBase64, toBase64 } from './base64.ts';
import { decimal } from './checkpoint.ts';
import { Fault } from './fault.ts';

/**
 * A proof that an entry is in a log, to keep and check without the log (C2SP tlog-proof): first line, index, the inclusion path with the
 * leaf's sibling first, an empty line, and the signed checkpoint that the path leads to.
 */
export interface TlogProof {
  readonly index: number;
  readonly path: readonly Uint8Array[];
  /** A signed note, as the log wrote it. */
  readonly checkpoint: string;
}

const FIRST_LINE = 'c2sp.org/tlog-proof@v1';
const HASH_BYTES = 32;
/** A tree of 2^53 leaves, the most a size can say, is 53 high. */
const MAX_PATH = 53;

const invalid = (what: string): Fault => new Fault('PROOF_INVALID', `the proof cannot be read: ${what}`);

/** The proof as text. */
export function proofText({ index, path, checkpoint }: TlogProof): string {
  return `${FIRST_LINE}\nindex ${index}\n${path.map((hash) => `${toBase64(hash)}\n`).join('')}\n${checkpoint}`;
}

/**
 * Reads a proof without judging path and checkpoint. An `extra` line, which nothing binds to the log, is refused: this hub writes none.
 * @throws Fault PROOF_INVALID
 */
export function parseProof(text: string): TlogProof {
  const split = text.indexOf('\n\n');
  if (split < 0) throw invalid('no empty line parts the path from the checkpoint');
  const [first, second = '', ...hashes] = text.slice(0, split).split('\n');
  if (first !== FIRST_LINE) throw invalid(`it does not begin with ${FIRST_LINE}`);
  const index = second.startsWith('index ') ? decimal(second.slice('index '.length)) : undefined;
  if (index === undefined) throw invalid('its second line names no index');
  if (hashes.length > MAX_PATH) throw invalid(`${hashes.length} hashes, at most ${MAX_PATH}`);
  const path = hashes.map((line, i) => {
    const hash = fromBase64(line);
    if (hash?.length !== HASH_BYTES) throw invalid(`hash ${i + 1} of its path is not 32 bytes in base64`);
    return hash;
  });
  return { index, path, checkpoint: text.slice(split + 2) };
}
