import { afterAll, expect, it } from 'vitest';
import { concat } from '../../../protocol/bytes.ts';
import { vkeyText } from '../../../protocol/note.ts';
import { Exports } from '../../ledger/exports.ts';
import { Signer } from '../../ledger/signer.ts';
import { COFFEE, MORNING, passage, serials } from '../../ledger/warehouse.fixture.ts';
import { projections } from '../../projections.ts';
import { Place, SigningNode } from './export.fixture.ts';
import { openFold } from './fold.ts';
import { history, ORIGIN } from './history.fixture.ts';
import { verifyFolder } from './verify.ts';
import type { Files } from './writer.fixture.ts';

const place = new Place();
afterAll(() => place.remove());

it('what the hub itself exports verifies, although the log grows between its files', { timeout: 60_000 }, async () => {
  const { warehouse } = await history();
  const { sql, ledger, originals } = warehouse;
  const signer = new Signer(sql, ORIGIN);
  await signer.checkpoint();
  const original = async (hash: string): Promise<Uint8Array | undefined> => originals.get(hash);
  const exports = new Exports({ sql, tenant: 'demo', projections, signer, waits: () => ledger.waits(), original });
  const late = new SigningNode('LENS', 21);
  warehouse.append(late.registration());
  const { id, first } = await exports.open(MORNING);
  const files: Files = new Map();
  for (let path: string | null = first; path !== null; ) {
    const { chunks, next }: { chunks: Iterable<Uint8Array>; next: string | null } = await exports.file(id, path, MORNING);
    files.set(path, concat(...chunks));
    path = next;
    // Before each table, and while the rest is read, a record arrives.
    const count = late.count + 1;
    late.record(passage(`r${count}`, 'in', serials(COFFEE, 1000 + count), count));
    await warehouse.post(late, count);
  }
  place.write(files);
  const report = verifyFolder(place.path, { vkey: vkeyText(await signer.key()), fold: openFold });
  expect(report.problems).toEqual([]);
  expect(report).toMatchObject({ ok: true, warnings: [] });
  expect(report.checked).toMatchObject({ nodes: 3, documents: 2, originals: 2, checkpoints: 2, pagesFolded: report.checked['pages'] });
});
