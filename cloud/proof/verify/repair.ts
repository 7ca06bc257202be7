import { difference, fromUtf8, hex, linesOf, same } from './encoding.ts';
import type { Findings } from './findings.ts';
import type { Folder } from './folder.ts';
import { jsonFault } from './json.ts';
import { type Change, changedAt, changedByte } from './locate.ts';
import { changedBySums, readSums, SUMS, type Sums, writtenSums } from './sums.ts';
import { sha256 } from './tree.ts';

/** Where reading a file stops: at a byte that is no text; in JSON lines also where a line ends too early or too late, or breaks its JSON. */
function* stops(path: string, bytes: Uint8Array): Generator<number> {
  if (!path.endsWith('.jsonl')) {
    if (fromUtf8(bytes) === undefined) yield jsonFault(bytes)?.at ?? 0;
    return;
  }
  for (const { from, to, ended } of linesOf(bytes)) {
    if (!ended) yield to - 1;
    const fault = jsonFault(bytes.subarray(from, to));
    if (fault !== undefined) yield from + fault.at;
  }
}

/** Places tried in one file: of a file with more broken lines not one byte was changed. */
const MAX_STOPS = 4;

/** What a file should be that others tell: a file by its sums, the sums by their files. */
function told(path: string, bytes: Uint8Array, folder: Folder, sums: ReadonlyMap<string, Sums>): Change | undefined {
  const [now, then] = [folder.files.get(path)?.sums, sums.get(path)];
  if (now !== undefined && then !== undefined) return changedBySums(bytes, now, then);
  const written = path === SUMS ? writtenSums(folder) : bytes;
  const [from, to] = difference(bytes, written) ?? [0, 0];
  return to - from === 1 ? { at: from, bytes: written } : undefined;
}

function changeOf(
  path: string,
  bytes: Uint8Array,
  signed: Uint8Array,
  folder: Folder,
  sums: ReadonlyMap<string, Sums>,
): Change | undefined {
  const accepts = (candidate: Uint8Array): boolean => same(sha256(candidate), signed);
  const known = told(path, bytes, folder, sums);
  if (known !== undefined && accepts(known.bytes)) return known;
  let tried = 0;
  for (const at of stops(path, bytes)) {
    const found = changedAt(bytes, at, accepts);
    if (found !== undefined) return found;
    tried += 1;
    if (tried >= MAX_STOPS) return undefined;
  }
  return changedByte(bytes, accepts);
}

/**
 * Finds the one byte that was changed in a file, by its hash in the manifest, and goes on with the file as it was signed, so that nothing
 * else is blamed for it. Of a large file, and of one with more than that changed, what it must agree with tells the place later.
 */
export function repairFiles(folder: Folder, findings: Findings): void {
  const sums = readSums(folder);
  for (const [path, signed] of folder.signed) {
    const actual = folder.files.get(path);
    if (actual === undefined || actual.bytes !== signed.bytes || !folder.damaged(path)) continue;
    const bytes = findings.maySearch() ? folder.read(path) : undefined;
    const found = bytes === undefined ? undefined : changeOf(path, bytes, signed.sha256, folder, sums);
    if (found === undefined || bytes === undefined) continue;
    folder.repair(path, found.bytes);
    const [is, was] = [bytes[found.at] ?? 0, found.bytes[found.at] ?? 0].map((byte) => byte.toString(16).padStart(2, '0'));
    const text = `byte ${found.at} of ${path} is ${is}, it was ${was} when it was signed; no other was changed`;
    findings.problem('FILE_CHANGED', { file: path, bytes: [found.at, found.at + 1] }, text);
  }
}

/** States each file that is not the one that was signed, with the narrowest place that is known by now. */
export function checkHashes(folder: Folder, findings: Findings): void {
  for (const [path, signed] of folder.signed) {
    const actual = folder.files.get(path);
    if (actual === undefined || !folder.damaged(path)) continue;
    if (actual.bytes !== signed.bytes) {
      const bytes = [Math.min(actual.bytes, signed.bytes), Math.max(actual.bytes, signed.bytes)] as const;
      findings.problem('FILE_CHANGED', { file: path, bytes }, `${path} has ${actual.bytes} bytes, the manifest says ${signed.bytes}`);
      continue;
    }
    const text = `${path} has SHA-256 ${hex(actual.sha256)}, the manifest says ${hex(signed.sha256)}`;
    findings.problem('FILE_CHANGED', { file: path, bytes: narrowest(folder, path, signed.sha256, findings) ?? [0, actual.bytes] }, text);
  }
}

/** The narrowest place in a file that is reported: a single byte only when another value there gives the signed file. */
function narrowest(folder: Folder, path: string, signed: Uint8Array, findings: Findings): readonly [number, number] | undefined {
  const known = findings.problems.flatMap(({ place }) => (place.file === path && place.bytes !== undefined ? [place.bytes] : []));
  const bytes = folder.read(path) ?? new Uint8Array();
  const accepts = (candidate: Uint8Array): boolean => same(sha256(candidate), signed);
  const exact = known.find(([from, to]) => to - from === 1 && changedAt(bytes, from, accepts) !== undefined);
  return exact ?? known.filter(([from, to]) => to - from > 1).sort((a, b) => a[1] - a[0] - (b[1] - b[0]))[0];
}
