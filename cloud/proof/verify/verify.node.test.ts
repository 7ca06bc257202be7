import { createHash } from 'node:crypto';
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LogKey, Place } from './export.fixture.ts';
import type { Report } from './findings.ts';
import { openFold } from './fold.ts';
import { history, ORIGIN } from './history.fixture.ts';
import { verifyFolder } from './verify.ts';
import { checkpoint, type Files, seal, writeExport } from './writer.fixture.ts';

const KEY = new LogKey(ORIGIN, 7);
const SIZE = 17;

/** Codes with the places they name. */
const said = (report: Report): string[] =>
  report.problems.map(({ code, place: { file, entry } }) => [code, file, ...(entry === undefined ? [] : [entry])].join(' '));

describe('an export', { timeout: 600_000 }, () => {
  const place = new Place();
  let files: Files;
  let made: Awaited<ReturnType<typeof history>>;

  beforeAll(async () => {
    made = await history();
    files = writeExport(made.warehouse, KEY, [1, 5, 9], made.files);
    place.write(files);
  });
  afterAll(() => place.remove());

  const verify = (vkey: string | undefined = KEY.vkey): Report => verifyFolder(place.path, { vkey, fold: openFold });

  /** Verifies a copy in which some files are others; undefined takes one away. */
  function verifyWith(changed: ReadonlyMap<string, Uint8Array | undefined>, vkey?: string): Report {
    const copy = new Place();
    try {
      const all = [...files, ...changed].filter((one): one is [string, Uint8Array] => one[1] !== undefined);
      const gone = new Set([...changed].flatMap(([path, bytes]) => (bytes === undefined ? [path] : [])));
      copy.write(new Map(all.filter(([path]) => !gone.has(path))));
      return verifyFolder(copy.path, { vkey: vkey ?? KEY.vkey, fold: openFold });
    } finally {
      copy.remove();
    }
  }

  /** The same with a manifest that the log signed anew: what a hub could do that wants to hide something. */
  function resealed(changed: ReadonlyMap<string, Uint8Array | undefined>): Report {
    const all: Files = new Map(files);
    for (const [path, bytes] of changed) {
      if (bytes === undefined) all.delete(path);
      else all.set(path, bytes);
    }
    seal(all, KEY, SIZE);
    return verifyWith(new Map([...changed, ['manifest', all.get('manifest')]]));
  }

  const textOf = (path: string): string => Buffer.from(files.get(path) ?? []).toString();
  const edited = (path: string, edit: (lines: string[]) => string[]): Map<string, Uint8Array> =>
    new Map([
      [
        path,
        Buffer.from(
          edit(textOf(path).split('\n').slice(0, -1))
            .map((line) => `${line}\n`)
            .join(''),
        ),
      ],
    ]);

  function flipped(path: string, at: number, mask: number): Report {
    const bytes = Uint8Array.from(files.get(path) as Uint8Array);
    bytes[at] = (bytes[at] as number) ^ mask;
    place.put(path, bytes);
    const report = verify();
    place.put(path, files.get(path) as Uint8Array);
    return report;
  }

  it('verifies, and says what was looked at', () => {
    const report = verify();
    expect(report.problems).toEqual([]);
    expect(report).toMatchObject({ ok: true, pinned: true, origin: ORIGIN, size: SIZE, warnings: [] });
    expect(report.checked).toMatchObject({ entries: SIZE, leaves: SIZE, records: 9, nodes: 2, batches: 6, documents: 2, originals: 2 });
    const { pagesFolded, bytes } = report.checked;
    expect(report.checked).toMatchObject({ checkpoints: 4, signatures: 12, pages: pagesFolded, files: files.size, tiles: 1, rows: 55 });
    expect(bytes).toBe([...files.values()].reduce((sum, { length }) => sum + length, 0));
  });

  it('without a pinned key agrees with itself and says that this is all it shows', () => {
    expect(verifyFolder(place.path, { fold: openFold })).toMatchObject({
      ok: true,
      pinned: false,
      warnings: [expect.stringContaining('--vkey')],
    });
  });

  it('does not verify with the first, a middle or the last byte of any of its files flipped, and that byte is named', () => {
    for (const [path, { length }] of files) {
      for (const at of new Set([0, Math.floor(length / 2), length - 1])) {
        const report = flipped(path, at, 1 << (at % 8));
        expect(report.ok, `${path} ${at}`).toBe(false);
        // Nothing else is blamed.
        expect([...new Set(report.problems.map(({ place: { file } }) => file))], `${path} ${at}`).toEqual([path]);
        expect(report.problems[0]?.place.bytes, `${path} ${at}`).toEqual([at, at + 1]);
      }
    }
  });

  it('does not verify with any byte of any file set to anything else, and the file and byte are named', () => {
    const paths = [...files.keys()];
    fc.assert(
      fc.property(fc.constantFrom(...paths), fc.nat(), fc.integer({ min: 1, max: 255 }), (path, where, mask) => {
        const at = where % (files.get(path) as Uint8Array).length;
        const report = flipped(path, at, mask);
        const inside = report.problems.filter(
          ({ place: { file, bytes } }) => file === path && bytes !== undefined && bytes[0] <= at && at < bytes[1],
        );
        expect(report.ok).toBe(false);
        expect(inside.length).toBeGreaterThan(0);
      }),
      { numRuns: 25 },
    );
  });

  it('that somebody else signed as a whole agrees with itself, and not with the pinned key', () => {
    const foreign = new LogKey(ORIGIN, 66);
    const copy = writeExport(made.warehouse, foreign, [1, 5], new Map([...files].filter(([path]) => path.startsWith('projections/'))));
    expect(said(verifyWith(copy))).toEqual(
      expect.arrayContaining(['VKEY_FOREIGN vkey', 'MANIFEST_INVALID manifest', 'CHECKPOINT_INVALID checkpoint']),
    );
    expect(verifyWith(copy, foreign.vkey)).toMatchObject({ ok: true, problems: [] });
  });

  it('names a file that is missing, one that is too much, one that was cut, and a link', () => {
    expect(said(verifyWith(new Map([['entries/000.jsonl', undefined]])))).toContain('FILE_MISSING entries/000.jsonl');
    expect(said(verifyWith(new Map([['batches/000.jsonl', undefined]])))).toContain('FILE_MISSING batches/000.jsonl');
    expect(said(verifyWith(new Map([['more', Buffer.from('x')]])))).toContain('FILE_UNLISTED more');
    // One of each kind.
    for (const [path, bytes] of new Map([...files].map(([name, content]) => [name.split('/')[0], [name, content] as const])).values()) {
      const cut = verifyWith(new Map([[path, bytes.subarray(0, bytes.length - 1)]]));
      expect(
        said(cut).some((one) => one.includes(path)),
        path,
      ).toBe(true);
    }
    const copy = new Place();
    copy.write(files);
    symlinkSync('/etc/hostname', join(copy.path, 'README.fr.txt'));
    expect(said(verifyFolder(copy.path, { vkey: KEY.vkey }))).toContain('FILE_STRANGE README.fr.txt');
    copy.remove();
  });

  it('cannot lose, gain or swap an entry, even when the log signs the manifest anew', () => {
    const path = 'entries/000.jsonl';
    expect(said(resealed(edited(path, (lines) => lines.filter((_, i) => i !== 8))))).toContain(`ENTRY_MISSING ${path} 8`);
    expect(said(resealed(edited(path, (lines) => lines.toSpliced(9, 0, lines[8] as string))))).toContain(`ENTRY_ORDER ${path} 8`);
    expect(said(resealed(edited(path, (lines) => [...lines, lines[8] as string])))).toContain(`ENTRY_EXTRA ${path}`);
    const swapped = resealed(edited(path, (lines) => lines.with(8, lines[9] as string).with(9, lines[8] as string)));
    expect(said(swapped)).toContain(`ENTRY_MISSING ${path} 8`);
    const other = resealed(edited(path, (lines) => lines.with(8, (lines[8] as string).replace('"index":8', '"index":9'))));
    expect(other.ok).toBe(false);
  });

  it('blames no table for an entry that cannot be read', () => {
    const path = 'entries/000.jsonl';
    const blamed = (changed: Uint8Array | undefined): string[] =>
      said(verifyWith(new Map([[path, changed]]))).filter((one) => one.includes(' projections'));
    expect(blamed(undefined)).toEqual([]);
    expect(blamed(files.get(path)?.subarray(0, -1))).toEqual([]);
    expect(blamed(files.get(path)?.subarray(0, -200))).toEqual([]);
  });

  it('cannot lose or swap a leaf: tiles and roots then differ', () => {
    const [path, bytes] = [...files].find(([name]) => name.startsWith('tile/entries/')) as [string, Uint8Array];
    const swapped = Buffer.concat([bytes.subarray(0, 640), bytes.subarray(720, 800), bytes.subarray(640, 720), bytes.subarray(800)]);
    const report = said(resealed(new Map([[path, swapped]])));
    expect(report).toEqual(
      expect.arrayContaining(['ENTRY_CHANGED entries/000.jsonl 8', 'TILE_DIFFERS tile/0/000.p/17 8', 'ROOT_DIFFERS checkpoint']),
    );
    expect(said(resealed(new Map([[path, bytes.subarray(0, -80)]])))).toContain('SIZE_DIFFERS checkpoint');
    expect(said(resealed(new Map([[path, Buffer.concat([bytes, bytes.subarray(0, 80)])]])))).toContain(`BUNDLE_LONG ${path}`);
  });

  it('with another root is refused, although the log signed it', () => {
    const root = Buffer.alloc(32, 1).toString('base64');
    const note = KEY.note(`${ORIGIN}\n${SIZE}\n${root}\n`);
    const kept = textOf('checkpoints.jsonl').split('\n').slice(0, -2);
    const changed = new Map([
      ['checkpoint', Buffer.from(note)],
      ['checkpoints.jsonl', Buffer.from([...kept, JSON.stringify(note), ''].join('\n'))],
    ]);
    expect(said(resealed(changed))).toEqual(['CHECKPOINT_ROOT checkpoints.jsonl', 'ROOT_DIFFERS checkpoint', 'TILES_ROOT checkpoint']);
  });

  it('shows that the log once signed another history', () => {
    const note = KEY.note(`${ORIGIN}\n7\n${Buffer.alloc(32, 1).toString('base64')}\n`);
    const report = resealed(edited('checkpoints.jsonl', (lines) => lines.toSpliced(2, 0, JSON.stringify(note))));
    expect(said(report)).toEqual(['CHECKPOINT_ROOT checkpoints.jsonl']);
    expect(report.problems[0]?.place.line).toBe(3);
    const unsorted = resealed(edited('checkpoints.jsonl', (lines) => lines.toSpliced(0, 0, lines[1] as string)));
    expect(said(unsorted)).toContain('CHECKPOINT_ORDER checkpoints.jsonl');
    expect(said(resealed(edited('checkpoints.jsonl', () => [])))).toEqual(['CHECKPOINT_MISSING checkpoints.jsonl']);
  });

  it('cannot lose, repeat or change a batch', () => {
    const path = 'batches/000.jsonl';
    // A batch less in the middle of a chain, at its end, a chain less, and a repeated batch.
    for (const drop of [0, 1, 5])
      expect(resealed(edited(path, (lines) => lines.filter((_, i) => i !== drop))).ok, String(drop)).toBe(false);
    expect(said(resealed(edited(path, (lines) => lines.slice(0, -2))))).toEqual([`BATCH_MISSING ${path}`]);
    expect(said(resealed(edited(path, (lines) => [...lines, lines[0] as string])))).toContain(`BATCH_INVALID ${path} 5`);
    const last = (line: string): Record<string, unknown> => JSON.parse(line) as Record<string, unknown>;
    for (const [field, value] of [
      ['entry', 4],
      ['first', 2],
      ['epoch', 3],
      ['site', 'LENS'],
      ['before', 'AAAA'],
      ['signature', 'A'.repeat(86)],
    ] as const) {
      const report = resealed(edited(path, (lines) => lines.with(2, JSON.stringify({ ...last(lines[2] as string), [field]: value }))));
      expect(report.problems[0], field).toMatchObject({ code: 'BATCH_INVALID', place: { file: path, line: 3 } });
    }
  });

  it('cannot lose or change a row of a projection', () => {
    const path = [...files.keys()].find((name) => name.startsWith('projections/serials/')) as string;
    const row = resealed(edited(path, (lines) => lines.with(1, (lines[1] as string).replace(/\d(?=[^\d]*$)/, '8'))));
    expect(row.problems[0]).toMatchObject({ code: 'ROW_DIFFERS', place: { file: path, row: 1 } });
    expect(resealed(edited(path, (lines) => lines.slice(0, -1))).ok).toBe(false);
    expect(said(resealed(new Map([[path, undefined]])))).toContain(`PAGE_MISSING ${path}`);
    const last = [...files.keys()]
      .filter((name) => name.startsWith('projections/serials/'))
      .sort()
      .at(-1) as string;
    expect(said(resealed(new Map([[last, undefined]])))).toContain(`PAGE_MISSING ${last}`);
    const more = resealed(edited(last, (lines) => [...lines, lines[1] as string]));
    expect(said(more)).toContain(`ROW_EXTRA ${last}`);
  });

  it('cannot lose an original, or hold another under its name', () => {
    const path = [...files.keys()].find((name) => name.startsWith('documents/')) as string;
    expect(said(resealed(new Map([[path, undefined]])))).toEqual([expect.stringContaining(`DOCUMENT_MISSING ${path}`), 'SUMS_DIFFER sums']);
    expect(said(resealed(new Map([[path, Buffer.from('<Invoice/>')]])))).toEqual([`DOCUMENT_HASH ${path}`, 'SUMS_DIFFER sums']);
  });

  it('cannot hold an original that no document of its log names', () => {
    const invented = Buffer.from('<Invoice>of nobody</Invoice>');
    const path = `documents/${createHash('sha256').update(invented).digest('hex')}`;
    expect(said(resealed(new Map([[path, invented]])))).toEqual([`DOCUMENT_UNNAMED ${path}`, 'SUMS_DIFFER sums']);
  });

  it('verifies with a body and its salt erased, which is counted and ends the comparison with the fold', () => {
    const erase = (line: string): string => JSON.stringify({ ...(JSON.parse(line) as object), body: null, salt: null });
    const report = resealed(edited('entries/000.jsonl', (lines) => lines.with(12, erase(lines[12] as string))));
    expect(report).toMatchObject({ ok: true, checked: { erased: 1 }, warnings: [expect.stringContaining('entry 12 was erased')] });
    expect(report.checked['pagesFolded']).toBeLessThan(report.checked['pages'] as number);
    const salt = (line: string): string => JSON.stringify({ ...(JSON.parse(line) as object), salt: null });
    expect(resealed(edited('entries/000.jsonl', (lines) => lines.with(12, salt(lines[12] as string)))).ok).toBe(false);
  });

  it('of a log without entries verifies', () => {
    const copy = new Place();
    const key = new LogKey(ORIGIN, 7);
    const empty: Files = new Map();
    const note = key.note(`${ORIGIN}\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n`);
    for (const [path, text] of [
      ['checkpoint', note],
      ['checkpoints.jsonl', `${JSON.stringify(note)}\n`],
      ['vkey', `${key.vkey}\n`],
      ['README.txt', 'x'],
    ] as const)
      empty.set(path, Buffer.from(text));
    seal(empty, key, 0);
    copy.write(empty);
    expect(verifyFolder(copy.path, { vkey: key.vkey })).toMatchObject({ ok: true, size: 0 });
    copy.remove();
    expect(checkpoint(made.warehouse.sql, key, SIZE)).toBe(textOf('checkpoint'));
  });
});
