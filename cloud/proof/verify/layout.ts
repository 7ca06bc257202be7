/** Which files an export of a log of some size has, by path. */

const WIDTH = 256;

/** Three digits a group, all but the last after an x (C2SP tlog-tiles, section Parameters). */
export function groups(index: number): string {
  const parts: string[] = [];
  for (let rest = index; parts.length === 0 || rest > 0; rest = Math.floor(rest / 1000))
    parts.unshift(String(rest % 1000).padStart(3, '0'));
  return parts.map((part, i) => (i < parts.length - 1 ? `x${part}` : part)).join('/');
}

const partial = (width: number): string => (width === WIDTH ? '' : `.p/${width}`);

export const tilePath = (level: number, index: number, width = WIDTH): string => `tile/${level}/${groups(index)}${partial(width)}`;
export const bundlePath = (index: number, width = WIDTH): string => `tile/entries/${groups(index)}${partial(width)}`;
export const entriesPath = (index: number): string => `entries/${groups(index)}.jsonl`;
export const batchesPath = (index: number): string => `batches/${groups(index)}.jsonl`;
export const pagePath = (table: string, index: number): string => `projections/${table}/${String(index).padStart(4, '0')}.jsonl`;

export const PLAIN = ['README.txt', 'checkpoint', 'checkpoints.jsonl', 'vkey'] as const;

/** Index and width of each group of 256 entries in a log of `size`. */
export function* blocks(size: number): Generator<{ index: number; width: number }> {
  for (let index = 0; index * WIDTH < size; index++) yield { index, width: Math.min(WIDTH, size - index * WIDTH) };
}

/** The tiles and files of entries of a log of `size`. Bounded: the caller has checked that `size` is no more than the files can hold. */
export function filesOf(size: number): Set<string> {
  const files = new Set<string>(PLAIN);
  for (const { index, width } of blocks(size)) files.add(bundlePath(index, width)).add(entriesPath(index));
  for (let level = 0, count = size; count > 0; level++, count = Math.floor(count / WIDTH)) {
    for (const { index, width } of blocks(count)) files.add(tilePath(level, index, width));
  }
  return files;
}
