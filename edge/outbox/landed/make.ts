import { rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { encodeSgtin96 } from '../../../protocol/epc.ts';
import { groupItems, itemOf, type PassageBody } from '../../../protocol/record.ts';
import { Outbox } from '../outbox.ts';

/** 2026-11-24T08:00:00Z */
const NOW = 1_795_507_200_000;
const GTIN = '03453120000011';
const clock = (n: number) => ({ wall: NOW + n * 1_000, mono: n * 1_000, boot: 'b00710ad', synced: true });
const epcs = (from: number, count: number): string[] => Array.from({ length: count }, (_, i) => encodeSgtin96(GTIN, from + i, 7));

function body(n: number): PassageBody {
  const items = groupItems(epcs(n * 10, 5).map(itemOf));
  return {
    ...{ type: 'passage', v: 1, passage: `p${n}`, door: 'D1', part: 1, parts: 1, direction: n % 3 === 0 ? 'out' : 'in', confidence: 990 },
    ...{ opened: NOW + n * 1_000 - 500, closed: NOW + n * 1_000, items, clock: clock(n) },
  };
}

/** Saves an outbox as this code leaves it: `node edge/outbox/landed/make.ts edge/outbox/landed/0002.sqlite`, named by its user_version. */
const path = process.argv[2];
if (path === undefined) throw new TypeError('name the file to write');
rmSync(path, { force: true });
const outbox = new Outbox({ path, address: { tenant: 'demo', site: 'LYON', node: 'dock-1' }, clock: () => clock(100) });
for (let n = 1; n <= 12; n += 1) {
  const doubts = n === 4 ? epcs(900, 3).map((epc) => ({ epc, reason: 'few-reads', reads: 2, d: -0.25 })) : [];
  const unclear = groupItems(epcs(900, 3).map(itemOf));
  await outbox.append(n === 4 ? { body: { ...body(n), doubts: unclear }, doubts } : { body: body(n) });
}
const lines = [{ gtin: GTIN, quantity: 20, name: 'Farine T65' }];
const head = { v: 1, type: 'expect', direction: 'in', partner: 'Fournil', lines } as const;
await outbox.expect({ ...head, id: 'expect-1', kind: 'despatchAdvice', number: 'D1', ssccs: ['340345312000000018'] });
await outbox.expect({ ...head, id: 'expect-2', kind: 'order', number: 'O1', ssccs: [] });
await outbox.chooseDocument('D1', { kind: 'despatchAdvice', number: 'D1' });
await outbox.append({ body: { ...body(13), document: { kind: 'despatchAdvice', number: 'D1', how: 'chosen' } } });
outbox.acknowledge(1, 5);
await outbox.flush();
await outbox.close();
const db = new DatabaseSync(path);
db.exec('PRAGMA journal_mode = DELETE; PRAGMA page_size = 1024; VACUUM');
db.close();
