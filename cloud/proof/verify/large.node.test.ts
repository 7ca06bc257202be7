import { execFile } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { COFFEE, passage, serials, TEA } from '../../ledger/warehouse.fixture.ts';
import { LogKey, Place, SigningNode, Warehouse } from './export.fixture.ts';
import type { Report } from './findings.ts';
import { openFold } from './fold.ts';
import { invoice, ORIGIN } from './history.fixture.ts';
import { verifyFolder } from './verify.ts';
import { type Files, writeExport, writePages } from './writer.fixture.ts';

const KEY = new LogKey(ORIGIN, 7);
const RECORDS = 300;

const run = (...args: string[]): Promise<{ code: number; out: string }> =>
  new Promise((resolve) => {
    execFile(process.execPath, ['cloud/cli.ts', ...args], (error, out) => resolve({ code: error === null ? 0 : Number(error.code), out }));
  });

describe('an export of more entries than a tile holds', { timeout: 300_000 }, () => {
  const place = new Place();
  let files: Files;

  beforeAll(async () => {
    const warehouse = new Warehouse();
    const node = new SigningNode('LYON', 11);
    warehouse.append({ type: 'site', body: { v: 1, site: 'LYON', name: 'Lyon', timeZone: 'Europe/Paris' } }, node.registration());
    for (let i = 0; i < RECORDS; i++) {
      const items = Array.from({ length: 20 }, (_, n) => serials(n % 2 === 0 ? TEA : COFFEE, i * 100_000 + n)).flat();
      node.record(passage(`p${i}`, 'in', items, i));
    }
    for (let first = 1; first <= RECORDS; first += 5) await warehouse.post(node, first, Math.min(RECORDS, first + 4));
    warehouse.document(invoice('F1', TEA, 3), 'A line of an invoice. '.repeat(5_000));
    files = new Map();
    writePages(files, warehouse.sql, 4000, new Map(), false);
    writeExport(warehouse, KEY, [2, 42, 255, 256, 257, 282], files, 'How to verify this. '.repeat(1_000));
    place.write(files);
  });
  afterAll(() => place.remove());

  function flipped(path: string, at: number, mask: number): Report {
    const bytes = Uint8Array.from(files.get(path) as Uint8Array);
    bytes[at] = (bytes[at] as number) ^ mask;
    place.put(path, bytes);
    const report = verifyFolder(place.path, { vkey: KEY.vkey, fold: openFold });
    place.put(path, files.get(path) as Uint8Array);
    return report;
  }

  it('verifies', () => {
    const report = verifyFolder(place.path, { vkey: KEY.vkey, fold: openFold });
    expect(report.problems).toEqual([]);
    expect(report.checked).toMatchObject({ entries: RECORDS + 3, tiles: 3, batches: 60, checkpoints: 7 });
  });

  it('names the byte in files that are too large to try every change of: what it must agree with tells it', () => {
    const large = [...files].filter(([, { length }]) => length > 16_000).map(([path]) => path);
    expect(large.map((path) => path.split('/')[0])).toEqual(
      expect.arrayContaining(['entries', 'batches', 'projections', 'documents', 'README.txt']),
    );
    for (const [i, path] of large.entries()) {
      const length = (files.get(path) as Uint8Array).length;
      for (const at of [0, Math.floor(length / 2), length - 1]) {
        const report = flipped(path, at, [1, 0x11, 0x80][i % 3] as number);
        expect(report.ok).toBe(false);
        const places = report.problems.filter(({ place: { file } }) => file === path).map(({ place: { bytes } }) => bytes);
        expect(places, `${path} ${at}`).toContainEqual([at, at + 1]);
      }
    }
  });

  it('names the byte in a full bundle and in tiles of both levels', () => {
    for (const path of ['tile/entries/000', 'tile/0/000', 'tile/1/000.p/1']) {
      const { length } = files.get(path) as Uint8Array;
      for (const at of [0, Math.floor(length / 2), length - 1]) {
        expect(flipped(path, at, 0x42).problems, `${path} ${at}`).toContainEqual(
          expect.objectContaining({ place: expect.objectContaining({ file: path, bytes: [at, at + 1] }) }),
        );
      }
    }
  });

  it('is verified by the command, which ends with 0 when it is good, 1 when not, 2 for a wrong call', async () => {
    const good = await run('verify', place.path, '--vkey', KEY.vkey);
    expect(good.code).toBe(0);
    expect(JSON.parse(good.out)).toMatchObject({ ok: true, pinned: true, problems: [] });
    place.put('README.txt', Buffer.from('Trust me.'));
    const bad = await run('verify', place.path, '--vkey', KEY.vkey);
    place.put('README.txt', files.get('README.txt') as Uint8Array);
    expect(bad.code).toBe(1);
    expect(JSON.parse(bad.out)).toMatchObject({ ok: false, problems: [{ code: 'FILE_CHANGED', place: { file: 'README.txt' } }] });
    for (const wrong of [['verify'], ['verify', '/nowhere'], ['verify', place.path, '--vkey', 'x']])
      expect((await run(...wrong)).code).toBe(2);
  });
});
