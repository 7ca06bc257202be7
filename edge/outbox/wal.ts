import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

/** Sizes and marks of SQLite's write-ahead log (sqlite.org/fileformat2.html, section 4). */
const HEAD_BYTES = 32;
const FRAME_HEAD_BYTES = 24;
const MAGIC = 0x377f0682;
/** Bytes of the header, and of a frame's head, that its checksum covers. */
const HEAD_SUMMED = 24;
const FRAME_SUMMED = 8;
/** Frames with the mark of a commit that may follow a bad one without being proof of damage: the commit that a power cut tore. */
const TORN_COMMITS = 1;

type Sum = readonly [number, number];

/** SQLite's running checksum over words of four bytes. */
function sum(bytes: Buffer, big: boolean, [s0, s1]: Sum): Sum {
  let a = s0;
  let b = s1;
  for (let at = 0; at + 8 <= bytes.length; at += 8) {
    const x = big ? bytes.readUInt32BE(at) : bytes.readUInt32LE(at);
    const y = big ? bytes.readUInt32BE(at + 4) : bytes.readUInt32LE(at + 4);
    a = (a + x + b) >>> 0;
    b = (b + y + a) >>> 0;
  }
  return [a, b];
}

const same = (bytes: Buffer, at: number, [a, b]: Sum): boolean => bytes.readUInt32BE(at) === a && bytes.readUInt32BE(at + 4) === b;

/**
 * What is wrong with a write-ahead log, or undefined. SQLite itself takes a bad frame for the end of the log and drops what follows
 * without a word; commits behind it were synced one after the other, so more than one of them proves that the log was whole once.
 */
export function walDamage(path: string): string | undefined {
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    return scan(fd, fstatSync(fd).size);
  } finally {
    closeSync(fd);
  }
}

function scan(fd: number, size: number): string | undefined {
  const head = Buffer.alloc(HEAD_BYTES);
  if (readSync(fd, head, 0, HEAD_BYTES, 0) < HEAD_BYTES) return undefined;
  const big = head.readUInt32BE(0) === MAGIC + 1;
  const page = head.readUInt32BE(8);
  let running = sum(head.subarray(0, HEAD_SUMMED), big, [0, 0]);
  // 32 bytes lie in one sector: no power cut tears them.
  if ((!big && head.readUInt32BE(0) !== MAGIC) || !same(head, HEAD_SUMMED, running)) return 'the head of the write-ahead log is damaged';
  const frame = Buffer.alloc(FRAME_HEAD_BYTES + page);
  let bad: number | undefined;
  let commits = 0;
  for (let at = HEAD_BYTES, n = 1; at + frame.length <= size; at += frame.length, n++) {
    readSync(fd, frame, 0, frame.length, at);
    // Frames of an earlier round of the log carry other salts: they are copied back already.
    if (frame.compare(head, 16, 24, 8, 16) !== 0) {
      bad ??= n;
      continue;
    }
    if (bad === undefined) {
      running = sum(frame.subarray(FRAME_HEAD_BYTES), big, sum(frame.subarray(0, FRAME_SUMMED), big, running));
      if (same(frame, 16, running)) continue;
      bad = n;
    }
    if (frame.readUInt32BE(4) !== 0) commits++;
  }
  return commits > TORN_COMMITS ? `frame ${bad} of the write-ahead log is damaged, before ${commits} commits` : undefined;
}
