/** What a bad cable does to the bytes on their way to the host. All rates are probabilities from 0 to 1; absent means 0. */
export interface LineFaults {
  /** For each write: random bytes are put in front. */
  readonly garbage?: number;
  /** For each byte: one of its bits is flipped. */
  readonly flip?: number;
  /** For each byte: it is lost. */
  readonly drop?: number;
  /** For each write: it arrives in pieces, milliseconds apart. */
  readonly split?: number;
  /** For each write: it is held back and arrives with the next one. */
  readonly merge?: number;
}

/** Longest burst of garbage: longer than the longest tag record that is common at a door. */
const MAX_BURST = 60;

/** The bytes as they arrive over a line with these faults; `random` gives [0, 1). */
export function spoil(bytes: Uint8Array, faults: LineFaults, random: () => number): Uint8Array {
  const { garbage = 0, flip = 0, drop = 0 } = faults;
  if (garbage === 0 && flip === 0 && drop === 0) return bytes;
  const out: number[] = [];
  if (random() < garbage) {
    const burst = 1 + Math.floor(random() * MAX_BURST);
    for (let i = 0; i < burst; i++) out.push(Math.floor(random() * 256));
  }
  for (const byte of bytes) {
    if (drop > 0 && random() < drop) continue;
    out.push(flip > 0 && random() < flip ? byte ^ (1 << Math.floor(random() * 8)) : byte);
  }
  return Uint8Array.from(out);
}

/** The bytes in two to five pieces, cut anywhere. */
export function pieces(bytes: Uint8Array, random: () => number): Uint8Array[] {
  const cuts = Array.from({ length: 1 + Math.floor(random() * 4) }, () => Math.floor(random() * (bytes.length + 1)));
  const ends = [...cuts.sort((a, b) => a - b), bytes.length];
  return ends.map((end, i) => bytes.subarray(i === 0 ? 0 : ends[i - 1], end)).filter((piece) => piece.length > 0);
}
