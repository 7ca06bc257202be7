import { copyFileSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, it } from 'vitest';
import { fromBase64url } from '../../protocol/bytes.ts';
import { chainNext, commitment } from '../../protocol/chain.ts';
import { decodeBody } from '../../protocol/record.ts';
import { Outbox } from './outbox.ts';

const FOLDER = join(import.meta.dirname, 'landed');
const FILES = readdirSync(FOLDER).filter((name) => name.endsWith('.sqlite'));
/** As in landed/make.ts. */
const NOW = 1_795_507_200_000;
const ADDRESS = { tenant: 'demo', site: 'LYON', node: 'dock-1' };
const clock = () => ({ wall: NOW + 200_000, mono: 200_000, boot: 'b00710ad', synced: true });

it('an outbox is saved for each schema, named by its user_version', () => {
  expect(FILES[0]).toBe('0001.sqlite');
  for (const file of FILES) {
    const db = new DatabaseSync(join(FOLDER, file), { readOnly: true });
    expect(db.prepare('PRAGMA user_version').get()).toEqual({ user_version: Number(file.slice(0, 4)) });
    db.close();
  }
});

it.each(FILES)('%s, an outbox that a released program left behind, opens and loses nothing', async (file) => {
  const folder = mkdtempSync(join(tmpdir(), 'docket-landed-'));
  try {
    const path = join(folder, file);
    copyFileSync(join(FOLDER, file), path);
    const db = new DatabaseSync(path);
    const saved = db.prepare('SELECT seq, salt, body FROM records ORDER BY seq').all() as {
      seq: number;
      salt: Uint8Array;
      body: Uint8Array;
    }[];
    db.close();
    const outbox = new Outbox({ path, address: ADDRESS, clock });
    expect(outbox.acknowledged()).toMatchObject({ epoch: 1, seq: 5 });
    expect(outbox.head()).toMatchObject({ epoch: 1, seq: 13 });
    const slice = outbox.after(5, 100, 1_000_000);
    expect(slice?.records.map(({ seq, salt, body }) => ({ seq, salt, body }))).toEqual(saved.filter(({ seq }) => seq > 5));
    // The chain follows from what was acknowledged to the head, record by record.
    let chain = fromBase64url(outbox.acknowledged().chain) as Uint8Array;
    for (const { seq, salt, body } of slice?.records ?? []) {
      chain = chainNext(chain, commitment(salt, body));
      expect(outbox.chainAt(seq)).toEqual(chain);
    }
    expect(slice?.records.map(({ body }) => decodeBody(body)).at(-1)).toMatchObject({ passage: 'p13', document: { number: 'D1' } });
    expect(outbox.doubtsTotal()).toBe(3);
    expect(outbox.doubts().map(({ reason }) => reason)).toEqual(['few-reads', 'few-reads', 'few-reads']);
    expect(outbox.passages(100)).toHaveLength(13);
    expect(outbox.knows('p1')).toBe(true);
    expect(
      outbox
        .expectations()
        .map(({ number }) => number)
        .sort(),
    ).toEqual(['D1', 'O1']);
    expect(outbox.recognise(['340345312000000018'])).toMatchObject({ number: 'D1' });
    expect(outbox.doorDocument('D1')).toMatchObject({ kind: 'despatchAdvice', number: 'D1', how: 'chosen' });
    expect(slice?.records).toHaveLength(8);
    const body = { ...(decodeBody(saved.at(-1)?.body as Uint8Array) as { passage: string }), passage: 'p14' };
    expect(await outbox.append({ body: body as never })).toMatchObject({ epoch: 1, seq: 14, fresh: true });
    await outbox.close();
    const again = new Outbox({ path, address: ADDRESS, clock });
    expect(again.head()).toMatchObject({ seq: 14 });
    await again.close();
  } finally {
    rmSync(folder, { recursive: true });
  }
});
