import { toBase64url } from '../../protocol/bytes.ts';
import { Fault } from '../../protocol/fault.ts';
import { vkeyText } from '../../protocol/note.ts';
import { Archive, originalKey } from './archive.ts';
import { Exports, type ServedFile } from './exports.ts';
import { readHead } from './log.ts';
import type { Projection } from './projection.ts';
import { receiptOf } from './receipt.ts';
import type { ExportOpened, ExportPart, ExportRefused, LogView, ReceiptView } from './rpc.ts';
import { parseTilePath, tileBytes } from './served.ts';
import { newestCheckpoint, Signer } from './signer.ts';
import type { Sql } from './sql.ts';

/** The bucket, as far as a log needs it. */
export interface Bucket {
  put(key: string, bytes: Uint8Array): Promise<unknown>;
  get(key: string): Promise<{ arrayBuffer(): Promise<ArrayBuffer> } | null>;
}

export interface PublicationOptions {
  readonly sql: Sql;
  readonly tenant: string;
  readonly projections: readonly Projection[];
  /** Host of the log's address, without scheme: what a log that has no key yet takes for its origin. */
  readonly host: string;
  readonly bucket: Bucket;
  readonly waits: () => boolean;
}

/** What a log shows of itself to who does not trust it: checkpoints, tiles, receipts, exports. */
export class Publication {
  readonly #options: PublicationOptions;
  readonly #signer: Signer;
  readonly archive: Archive;
  readonly #exports: Exports;

  constructor(options: PublicationOptions) {
    this.#options = options;
    const { sql, tenant, projections, bucket, waits } = options;
    this.#signer = new Signer(sql, `${options.host}/log/${tenant}`);
    this.archive = new Archive(sql, tenant, this.#signer, (key, bytes) => bucket.put(key, bytes));
    const original = async (hash: string): Promise<Uint8Array | undefined> => {
      const object = await bucket.get(originalKey(tenant, hash));
      return object === null ? undefined : new Uint8Array(await object.arrayBuffer());
    };
    this.#exports = new Exports({ sql, tenant, projections, signer: this.#signer, waits, original });
  }

  /** The log at its newest checkpoint, signed now unless it was. */
  async view(): Promise<LogView> {
    const { size, root } = await this.#signer.checkpoint();
    const key = await this.#signer.key();
    return { origin: key.name, vkey: vkeyText(key), size, root: toBase64url(root), at: readHead(this.#options.sql).at };
  }

  /** The newest checkpoint as a signed note. */
  async checkpoint(): Promise<string> {
    return (await this.#signer.checkpoint()).note;
  }

  /** The bytes of a tile at the newest checkpoint; null for what is no tile of it. */
  tile(path: string): Uint8Array | null {
    const { sql, tenant } = this.#options;
    const asked = parseTilePath(path);
    const signed = newestCheckpoint(sql);
    return asked === undefined || signed === undefined ? null : (tileBytes(sql, tenant, signed.size, asked) ?? null);
  }

  async receipt(index: number): Promise<ReceiptView | null> {
    const { sql, tenant } = this.#options;
    const found = await receiptOf(sql, tenant, this.#signer, index);
    return found === undefined ? null : { ...found, leaf: toBase64url(found.leaf) };
  }

  openExport(now: number): Promise<ExportOpened> {
    return told(async () => ({ ok: true, ...(await this.#exports.open(now)) }));
  }

  /** One file of an export, as a stream. */
  exportPart(id: string, path: string, now: number): Promise<ExportPart> {
    return told(async () => {
      const file = await this.#exports.file(id, path, now);
      return { ok: true, next: file.next, body: streamOf(file) };
    });
  }
}

/** A refusal as a value: errors do not keep their class over RPC. */
async function told<T>(work: () => Promise<T>): Promise<T | ExportRefused> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Fault) || error.code === 'TREE_CORRUPT') throw error;
    return { ok: false, code: error.code, text: error.message };
  }
}

/** Reads a file as fast as it is taken. */
function streamOf({ chunks }: ServedFile): ReadableStream<Uint8Array> {
  const iterator = chunks[Symbol.iterator]();
  return new ReadableStream({
    type: 'bytes',
    pull(controller) {
      // A stream of bytes takes no empty piece.
      for (let piece = iterator.next(); ; piece = iterator.next()) {
        if (piece.done === true) {
          controller.close();
          // A reader with a buffer of its own waits for an answer to it as well.
          (controller as { byobRequest?: { respond(bytes: number): void } | null }).byobRequest?.respond(0);
          return;
        }
        if (piece.value.length === 0) continue;
        controller.enqueue(piece.value);
        return;
      }
    },
    cancel: () => void iterator.return?.(),
  });
}
