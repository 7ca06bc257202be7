import { sha256 } from '@noble/hashes/sha2.js';
import { toBase64 } from '../../protocol/base64.ts';
import { toBase64url, toHex, utf8 } from '../../protocol/bytes.ts';
import { Fault } from '../../protocol/fault.ts';
import { signNote } from '../../protocol/note.ts';
import { ByteSums } from './bytesums.ts';
import { type ExportSource, firstPlace, type Place, readPlace } from './exportparts.ts';
import type { Migration } from './projection.ts';
import type { SignedCheckpoint, Signer } from './signer.ts';
import { blob, num, type Row, text } from './sql.ts';
import { EMPTY_ROOT } from './tree.ts';

/** `place` is the file that comes next, `turn` counts what was done with an export, `root` and `note` are null until its checkpoint is fixed. */
export const exportMigration: Migration = {
  id: 'exports',
  statements: [
    `CREATE TABLE exports (
      id TEXT PRIMARY KEY, opened INTEGER NOT NULL, used INTEGER NOT NULL, turn INTEGER NOT NULL, files INTEGER NOT NULL,
      place TEXT NOT NULL, size INTEGER NOT NULL, root BLOB, note TEXT) WITHOUT ROWID`,
    `CREATE TABLE export_files (
      export TEXT NOT NULL, path TEXT NOT NULL, nth INTEGER NOT NULL, place TEXT NOT NULL, bytes INTEGER NOT NULL, sha256 TEXT NOT NULL,
      PRIMARY KEY (export, path)) WITHOUT ROWID`,
  ],
};

/** Files of which nothing else in the export repeats a byte: the file `sums` says something of each. */
const SUMMED = /^(README\.txt$|documents\/)/;

/** What the file `sums` says of a file; null where it says nothing. */
export const exportSumsMigration: Migration = { id: 'exports-sums', statements: ['ALTER TABLE export_files ADD COLUMN sums TEXT'] };

/** Exports that one tenant may have open: each keeps a row a file, and nobody reads more than one copy for a few readers at a time. */
const MAX_OPEN = 4;
/** A ledger of 5 million items is some 30,000 files, which a slow line fetches in under an hour; then an export is forgotten. */
const LIFE_MS = 6 * 3_600_000;
/** Who has asked for nothing for so long has given up: its place may be taken. */
const IDLE_MS = 10 * 60_000;
const ID_BYTES = 12;
/** The last file, which names all others. */
const MANIFEST = 'manifest';

export interface ExportOptions extends Pick<ExportSource, 'sql' | 'tenant' | 'projections' | 'original'> {
  readonly signer: Signer;
  /** Whether the projections have work that commits had no room for: they are then not what the log says. */
  readonly waits: () => boolean;
}

/** One file on its way: `chunks` must be read to their end, which notes the file. */
export interface ServedFile {
  readonly chunks: Iterable<Uint8Array>;
  /** The path to ask for next; null for the manifest, which is the last. */
  readonly next: string | null;
}

interface Open {
  readonly id: string;
  readonly turn: number;
  readonly files: number;
  readonly place: Place | typeof MANIFEST;
  readonly checkpoint: SignedCheckpoint | undefined;
}

const pathAt = (place: Open['place']): string => (place === MANIFEST ? MANIFEST : place.path);
const placeOf = (json: string): Open['place'] => (json === MANIFEST ? MANIFEST : (JSON.parse(json) as Place));
const placeText = (place: Open['place']): string => (place === MANIFEST ? MANIFEST : JSON.stringify(place));

function openOf(row: Row): Open {
  const checkpoint = row['note'] === null ? undefined : { size: num(row, 'size'), root: blob(row, 'root'), note: text(row, 'note') };
  return { id: text(row, 'id'), turn: num(row, 'turn'), files: num(row, 'files'), place: placeOf(text(row, 'place')), checkpoint };
}

/**
 * Exports that are being fetched, file by file: the projections as they stand, then the log up to a checkpoint that covers them, then a
 * manifest, signed by the log, of exactly the bytes that were handed out. A file may be asked for again: what came after it is then read
 * anew.
 */
export class Exports {
  readonly #options: ExportOptions;

  constructor(options: ExportOptions) {
    this.#options = options;
  }

  #source({ id, checkpoint }: Pick<Open, 'id' | 'checkpoint'>, key: ExportSource['key']): ExportSource {
    const { sql, tenant, projections, original } = this.#options;
    const has = (path: string): boolean => sql.exec('SELECT nth FROM export_files WHERE export = ? AND path = ?', id, path).length > 0;
    const sums = (): string[] =>
      sql
        .exec('SELECT sums, path FROM export_files WHERE export = ? AND sums IS NOT NULL ORDER BY path', id)
        .map((row) => `${text(row, 'sums')} ${text(row, 'path')}`);
    // The projections, which come before the checkpoint is fixed, do not look at it.
    return { sql, tenant, projections, original, key, has, sums, checkpoint: checkpoint ?? { size: 0, root: EMPTY_ROOT, note: '' } };
  }

  /** Begins an export at `now` (epoch milliseconds). @throws Fault EXPORT_LIMIT */
  async open(now: number): Promise<{ id: string; first: string }> {
    const { sql, signer } = this.#options;
    const key = await signer.key();
    const id = toBase64url(crypto.getRandomValues(new Uint8Array(ID_BYTES)));
    return sql.transaction(() => {
      const rows = sql.exec('SELECT id, opened, used FROM exports ORDER BY used');
      const live = rows.filter((row) => num(row, 'opened') > now - LIFE_MS);
      const idle = live[0];
      const full = live.length >= MAX_OPEN;
      if (full && idle !== undefined && num(idle, 'used') > now - IDLE_MS) {
        throw new Fault(
          'EXPORT_LIMIT',
          `${MAX_OPEN} exports are being fetched: wait until one of them rests for ${IDLE_MS / 60_000} minutes`,
        );
      }
      for (const row of rows) if (!live.includes(row) || (full && row === idle)) this.#forget(text(row, 'id'));
      const place = firstPlace(this.#source({ id, checkpoint: undefined }, key)) ?? MANIFEST;
      sql.exec('INSERT INTO exports VALUES (?, ?, ?, 0, 0, ?, 0, NULL, NULL)', id, now, now, placeText(place));
      return { id, first: pathAt(place) };
    });
  }

  #forget(id: string): void {
    this.#options.sql.exec('DELETE FROM export_files WHERE export = ?', id);
    this.#options.sql.exec('DELETE FROM exports WHERE id = ?', id);
  }

  /**
   * One file: the next, or one that was read before. `now` is epoch milliseconds.
   * @throws Fault NOT_FOUND, BUSY while projections have work that waits, ORIGINAL_MISSING, TREE_CORRUPT
   */
  async file(id: string, path: string, now: number): Promise<ServedFile> {
    const { sql, signer } = this.#options;
    const key = await signer.key();
    let open = sql.transaction(() => this.#turnTo(id, path, now));
    const { place } = open;
    if (place !== MANIFEST && place.part === 'projections') {
      if (this.#options.waits()) {
        throw new Fault('BUSY', 'the ledger still matches what came last, or folds again: ask for this file again in a second');
      }
    } else if (open.checkpoint === undefined) {
      const checkpoint = await signer.checkpoint();
      const { size, root, note } = checkpoint;
      this.#step(open, 'size = ?, root = ?, note = ?', size, root, note);
      open = { ...open, turn: open.turn + 1, checkpoint };
    }
    const source = this.#source(open, key);
    if (place === MANIFEST) return { chunks: this.#noted(open, [await this.#manifest(open, source)], MANIFEST), next: null };
    const { chunks, next } = await readPlace(place, source);
    const then = next ?? firstPlace(source, place.part) ?? MANIFEST;
    return { chunks: this.#noted(open, chunks, then), next: pathAt(then) };
  }

  /** Goes to the file that is asked for, and forgets those that were read after it. */
  #turnTo(id: string, path: string, now: number): Open {
    const { sql } = this.#options;
    const row = sql.exec('SELECT * FROM exports WHERE id = ? AND opened > ?', id, now - LIFE_MS)[0];
    if (row === undefined) throw new Fault('NOT_FOUND', `there is no export ${id.slice(0, 40)}, or its time is over: begin another`);
    const open = openOf(row);
    const file = sql.exec('SELECT nth, place FROM export_files WHERE export = ? AND path = ?', id, path)[0];
    if (file === undefined && pathAt(open.place) !== path) {
      throw new Fault(
        'NOT_FOUND',
        `the next file of this export is ${pathAt(open.place)}: files are fetched in order, each names the next`,
      );
    }
    const files = file === undefined ? open.files : num(file, 'nth');
    const place = file === undefined ? open.place : placeOf(text(file, 'place'));
    // A page of a table read again may be newer than the checkpoint, which is then fixed anew.
    const again = place !== MANIFEST && place.part === 'projections';
    if (file !== undefined) sql.exec('DELETE FROM export_files WHERE export = ? AND nth >= ?', id, files);
    this.#step(open, `used = ?, files = ?, place = ?${again ? ', size = 0, root = NULL, note = NULL' : ''}`, now, files, placeText(place));
    return { ...open, turn: open.turn + 1, files, place, checkpoint: again ? undefined : open.checkpoint };
  }

  /** Changes an export, unless another request did meanwhile. */
  #step({ id, turn }: Open, change: string, ...values: (string | number | Uint8Array)[]): void {
    const changed = this.#options.sql.exec(
      `UPDATE exports SET turn = turn + 1, ${change} WHERE id = ? AND turn = ? RETURNING id`,
      ...values,
      id,
      turn,
    );
    if (changed.length === 0) throw new Fault('BUSY', 'another request reads the same export: fetch its files one after the other');
  }

  /** Hands the chunks on, and notes what they were once the last was taken. */
  *#noted(open: Open, chunks: Iterable<Uint8Array>, then: Open['place']): Generator<Uint8Array> {
    const { sql } = this.#options;
    const hash = sha256.create();
    const sums = SUMMED.test(pathAt(open.place)) ? new ByteSums() : undefined;
    let bytes = 0;
    for (const chunk of chunks) {
      hash.update(chunk);
      sums?.add(chunk);
      bytes += chunk.length;
      yield chunk;
    }
    if (open.place === MANIFEST) return;
    const { id, files, place } = open;
    sql.transaction(() => {
      this.#step(open, 'files = ?, place = ?', files + 1, placeText(then));
      sql.exec(
        'INSERT INTO export_files (export, path, nth, place, bytes, sha256, sums) VALUES (?, ?, ?, ?, ?, ?, ?)',
        id,
        place.path,
        files,
        placeText(place),
        bytes,
        toHex(hash.digest()).toLowerCase(),
        sums === undefined ? null : String(sums),
      );
    });
  }

  async #manifest({ id }: Open, { key, checkpoint }: ExportSource): Promise<Uint8Array> {
    const { sql, signer } = this.#options;
    const files = sql.exec('SELECT path, bytes, sha256 FROM export_files WHERE export = ? ORDER BY path', id);
    const body = [
      `docket/export/1 ${key.name}`,
      `size ${checkpoint.size}`,
      `root ${toBase64(checkpoint.root)}`,
      ...files.map((row) => `${text(row, 'sha256')} ${num(row, 'bytes')} ${text(row, 'path')}`),
    ];
    return utf8(await signNote(`${body.join('\n')}\n`, key, (message) => signer.sign(message)));
  }
}
