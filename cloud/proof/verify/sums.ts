import { decimalOf, difference, fromUtf8, utf8 } from './encoding.ts';
import type { Findings } from './findings.ts';
import type { Folder } from './folder.ts';
import type { Change } from './locate.ts';

/** The file `sums`: a line "sum weighted path" for each file of which nothing else in the export repeats a byte, by path. */

export const SUMS = 'sums';
export const SUMMED = /^(README\.txt$|documents\/)/;
const MODULUS = 2 ** 52;

/** Sum of the bytes, and of each byte times its place from 1, both modulo 2^52. */
export interface Sums {
  readonly plain: number;
  readonly weighted: number;
}

export const NO_SUMS: Sums = { plain: 0, weighted: 0 };

const wrapped = (sum: number): number => (sum >= MODULUS ? sum - MODULUS : sum);

/** Goes on with the sums of the `before` bytes that were summed up. */
export function summed({ plain, weighted }: Sums, piece: Uint8Array, before: number): Sums {
  let [p, w] = [plain, weighted];
  for (let i = 0; i < piece.length; i++) {
    const byte = piece[i] ?? 0;
    p = wrapped(p + byte);
    w = wrapped(w + byte * (before + i + 1));
  }
  return { plain: p, weighted: w };
}

/** How far two sums are apart, whichever of them was wrapped. */
function apart(from: number, to: number): number {
  const by = to - from;
  if (by > MODULUS / 2) return by - MODULUS;
  return by < -MODULUS / 2 ? by + MODULUS : by;
}

/** The one byte whose change turns `bytes` with the sums `now` into one with the sums `then`. */
export function changedBySums(bytes: Uint8Array, now: Sums, then: Sums): Change | undefined {
  const by = apart(now.plain, then.plain);
  const at = apart(now.weighted, then.weighted) / by - 1;
  const is = bytes[at];
  if (is === undefined || is + by < 0 || is + by > 255) return undefined;
  const whole = Uint8Array.from(bytes);
  whole[at] = is + by;
  return { at, bytes: whole };
}

/** The sums as the file has them; what is no line of it is left out. */
export function readSums(folder: Folder): Map<string, Sums> {
  const found = new Map<string, Sums>();
  for (const line of (fromUtf8(folder.read(SUMS) ?? new Uint8Array()) ?? '').split('\n')) {
    const [first = '', second = '', path = ''] = line.split(' ');
    const [plain, weighted] = [decimalOf(first), decimalOf(second)];
    if (plain !== undefined && weighted !== undefined) found.set(path, { plain, weighted });
  }
  return found;
}

/** The file as those files have it. */
export function writtenSums(folder: Folder): Uint8Array {
  const lines = [...folder.files].flatMap(([path, { sums }]) => (sums === undefined ? [] : [`${sums.plain} ${sums.weighted} ${path}\n`]));
  const pathOf = (line: string): string => line.split(' ')[2] ?? '';
  return utf8(lines.sort((a, b) => (pathOf(a) < pathOf(b) ? -1 : 1)).join(''));
}

/** Compares the file with those files, unless one of these is not the one that was signed. An export of an older hub has none. */
export function checkSums(folder: Folder, findings: Findings): void {
  const bytes = folder.read(SUMS);
  const all = [...folder.files.keys(), ...folder.signed.keys()].filter((path) => SUMMED.test(path));
  if (bytes === undefined || all.some((path) => !folder.signed.has(path) || folder.altered(path))) return;
  const changed = difference(bytes, writtenSums(folder));
  if (changed === undefined) return;
  findings.problem('SUMS_DIFFER', { file: SUMS, bytes: changed }, `${SUMS} does not follow from README.txt and the originals`);
}
