import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { concat, fromUtf8 } from '../../protocol/bytes.ts';
import { parseNote } from '../../protocol/note.ts';
import { Exports } from './exports.ts';
import { ledgerInMemory, OWN } from './ledger.fixture.node.ts';
import { Signer } from './signer.ts';
import { digestOf, tablesOf } from './tables.ts';
import { MORNING, passage, serials, TEA, TestNode } from './warehouse.fixture.ts';

const code = (value: string) => expect.objectContaining({ code: value });
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

function setup(waits = (): boolean => false) {
  const { ledger, sql } = ledgerInMemory();
  const signer = new Signer(sql, 'docket.example/log/demo');
  const exports = new Exports({ sql, tenant: 'demo', projections: OWN, signer, waits, original: async () => undefined });
  return { ledger, sql, signer, exports };
}

async function read(exports: Exports, id: string, path: string): Promise<{ bytes: Uint8Array; next: string | null }> {
  const { chunks, next } = await exports.file(id, path, MORNING);
  return { bytes: concat(...chunks), next };
}

async function readAll(exports: Exports, id: string, first: string): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  for (let path: string | null = first; path !== null; ) {
    const { bytes, next }: { bytes: Uint8Array; next: string | null } = await read(exports, id, path);
    expect(files.has(path)).toBe(false);
    files.set(path, bytes);
    path = next;
  }
  return files;
}

const textOf = (files: ReadonlyMap<string, Uint8Array>, path: string): string => fromUtf8(files.get(path) ?? new Uint8Array());

describe('an export', { timeout: 60_000 }, () => {
  it('cuts tables, entries and batches into files that follow one another without gap', async () => {
    const { ledger, sql, exports } = setup();
    for (let from = 0; from < 5_200; from += 400) {
      const sites = Array.from({ length: 400 }, (_, i) => ({
        type: 'site' as const,
        body: { v: 1, site: `S${from + i}`, name: 'Lyon', timeZone: 'Europe/Paris' },
      }));
      expect(ledger.append(sites, MORNING)).toMatchObject({ ok: true });
    }
    const node = new TestNode('LYON', 'dock-1').record(
      ...Array.from({ length: 1_001 }, (_, n) => passage(`p${n}`, 'in', serials(TEA, n), n)),
    );
    ledger.append([node.registration()], MORNING);
    for (let n = 1; n <= 1_001; n += 1) {
      expect(ledger.post('LYON', 'dock-1', await node.batch(n, n), MORNING + 3_600_000)).toMatchObject({ ok: true });
    }
    const { id, first } = await exports.open(MORNING);
    const files = await readAll(exports, id, first);
    const size = 5_200 + 1 + 1_001;
    for (const table of tablesOf(sql, OWN)) {
      const pages = [...files.keys()].filter((path) => path.startsWith(`projections/${table.name}/`));
      let rows = '';
      let after: unknown = null;
      for (const [i, path] of pages.entries()) {
        expect(path).toBe(`projections/${table.name}/${String(i).padStart(4, '0')}.jsonl`);
        const text = textOf(files, path);
        const end = text.indexOf('\n');
        const header = JSON.parse(text.slice(0, end)) as { after: unknown; columns: string[]; last: boolean };
        expect(header).toEqual({ after, columns: table.columns, last: i === pages.length - 1, size, table: table.name });
        const page = text.slice(end + 1);
        rows += page;
        const last = JSON.parse(page.trimEnd().split('\n').at(-1) || '[]') as unknown[];
        after = table.key.map((name) => last[table.columns.indexOf(name)]);
      }
      expect(sha256(new TextEncoder().encode(rows)), table.name).toBe(digestOf(sql, table).sha256.toLowerCase());
    }
    expect([...files.keys()].filter((path) => path.startsWith('projections/sites/')).length).toBe(2);
    const entries = [...files.keys()]
      .filter((path) => path.startsWith('entries/'))
      .flatMap((path) => textOf(files, path).trimEnd().split('\n'));
    expect(entries.map((line) => (JSON.parse(line) as { index: number }).index)).toEqual(Array.from({ length: size }, (_, i) => i));
    const batches = ['batches/000.jsonl', 'batches/001.jsonl'].map((path) => textOf(files, path).trimEnd().split('\n'));
    expect(batches.map(({ length }) => length)).toEqual([1_000, 1]);
    const firsts = batches.flat().map((line) => (JSON.parse(line) as { first: number }).first);
    expect(firsts).toEqual(Array.from({ length: 1_001 }, (_, i) => i + 1));
    const listed = parseNote(textOf(files, 'manifest')).text.trimEnd().split('\n').slice(3);
    expect(listed.length).toBe(files.size - 1);
    for (const line of listed) {
      const [hash, bytes, path = ''] = line.split(' ');
      const file = files.get(path) ?? new Uint8Array();
      expect([hash, Number(bytes)], path).toEqual([sha256(file), file.length]);
    }
  });

  it('of an empty log holds its tables, its key, its checkpoint and the manifest', async () => {
    const { exports } = setup();
    const { id, first } = await exports.open(MORNING);
    const files = [...(await readAll(exports, id, first)).keys()];
    expect(files.filter((path) => !path.startsWith('projections/'))).toEqual([
      'vkey',
      'README.txt',
      'checkpoint',
      'checkpoints.jsonl',
      'sums',
      'manifest',
    ]);
  });

  it('waits while the projections have work that commits had no room for', async () => {
    let busy = true;
    const { exports } = setup(() => busy);
    const { id, first } = await exports.open(MORNING);
    await expect(exports.file(id, first, MORNING)).rejects.toThrow(code('BUSY'));
    busy = false;
    expect((await read(exports, id, first)).next).not.toBeNull();
  });

  it('notes a file when it was read to its end, and never one of two requests that overlap', async () => {
    const { exports } = setup();
    const { id, first } = await exports.open(MORNING);
    const half = await exports.file(id, first, MORNING);
    const whole = await read(exports, id, first);
    expect(() => concat(...half.chunks)).toThrow(code('BUSY'));
    expect((await read(exports, id, whole.next ?? '')).next).not.toBeNull();
  });

  it('says which original the archive lacks, and goes on once it is back', async () => {
    const { ledger, sql, signer } = setup();
    const original = sha256(new Uint8Array([1]));
    ledger.append([{ type: 'document', body: { v: 1, original } }], MORNING);
    let bytes: Uint8Array | undefined;
    const exports = new Exports({ sql, tenant: 'demo', projections: [], signer, waits: () => false, original: async () => bytes });
    const { id, first } = await exports.open(MORNING);
    await expect(readAll(exports, id, first)).rejects.toThrow(code('ORIGINAL_MISSING'));
    bytes = new Uint8Array([1]);
    expect(await read(exports, id, `documents/${original}`)).toEqual({ bytes, next: 'sums' });
    expect(fromUtf8((await read(exports, id, 'sums')).bytes)).toMatch(
      new RegExp(`^[1-9]\\d* [1-9]\\d* README.txt\n1 1 documents/${original}\n$`),
    );
    expect(fromUtf8((await read(exports, id, 'manifest')).bytes)).toContain(`\n${original} 1 documents/${original}\n`);
  });
});
