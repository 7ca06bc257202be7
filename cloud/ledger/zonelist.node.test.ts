import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ZoneCommand } from '../../protocol/command.ts';
import { eachItem } from '../../protocol/record.ts';
import { ledgerInMemory } from './ledger.fixture.node.ts';
import { keepReport } from './sidelines.ts';
import { text } from './sql.ts';
import { COFFEE, count, MORNING, passage, serials, TEA, TestNode } from './warehouse.fixture.ts';
import { answerWish, zoneCommands } from './zonelist.ts';

const NOON = MORNING + 14_400_000;

async function warehouse(tea: readonly number[]) {
  const open = ledgerInMemory();
  const node = new TestNode('LYON');
  open.ledger.append([node.registration(), { type: 'item', body: { v: 1, gtin: TEA, name: 'Thé' } }], MORNING);
  node.record(
    count('c1', 'A', [...serials(TEA, ...tea), ...serials(COFFEE, 5)], [], 100),
    passage('a', 'in', serials(TEA, 2 ** 38 - 1), 200),
  );
  node.record(passage('b', 'out', serials(COFFEE, 5), 300));
  expect(open.ledger.post('LYON', 'dock-1', await node.batch(1, 3), NOON)).toMatchObject({ ok: true });
  return open;
}

const listed = (commands: readonly ZoneCommand[]): string[] =>
  commands.flatMap(({ items }) => [...eachItem(items)].map((item) => ('raw' in item ? item.raw : `${item.gtin} ${item.serial}`)));

describe('the list of a zone', () => {
  it('holds what the last count saw there and no door since, in parts that fit a command', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(fc.integer({ min: 0, max: 2 ** 38 - 2 }), { minLength: 1, maxLength: 900 }), async (tea) => {
        const { sql } = await warehouse(tea);
        const commands = zoneCommands(sql, 'LYON', 'A', NOON);
        expect(listed(commands)).toEqual([...tea].sort((a, b) => a - b).map((serial) => `${TEA} ${serial}`));
        expect(commands[0]).toMatchObject({ id: `zone-A-${NOON}-1`, zone: 'A', at: NOON, names: { [TEA]: 'Thé' } });
      }),
      { numRuns: 20 },
    );
  });

  it('of the whole site holds what came since as well, and of a zone that nobody counted nothing', async () => {
    const { sql } = await warehouse([1, 2]);
    expect(listed(zoneCommands(sql, 'LYON', '*', NOON))).toEqual([`${TEA} 1`, `${TEA} 2`, `${TEA} ${2 ** 38 - 1}`]);
    expect(zoneCommands(sql, 'LYON', 'B', NOON)).toMatchObject([{ part: 1, parts: 1, items: [] }]);
    expect(zoneCommands(sql, 'METZ', 'A', NOON)).toMatchObject([{ items: [] }]);
  });

  it('is cut into parts below 131,072 bytes that come to the whole again', async () => {
    const { sql } = await warehouse([1]);
    sql.exec(
      `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 30000)
        INSERT INTO serials (item, serial, site, entry) SELECT (SELECT id FROM items WHERE gtin = ${Number(TEA)}), i * 9000001, 1, 1 FROM n`,
    );
    const commands = zoneCommands(sql, 'LYON', '*', NOON);
    expect(commands.length).toBeGreaterThan(2);
    expect(commands.map(({ part, parts }) => [part, parts])).toEqual(commands.map((_, i) => [i + 1, commands.length]));
    for (const command of commands) expect(JSON.stringify(command).length).toBeLessThan(131_072);
    expect(listed(commands)).toHaveLength(30_002);
    expect(new Set(listed(commands)).size).toBe(30_002);
  });

  it('is sent once for each question, and the newest answer only', async () => {
    const { sql } = await warehouse([1, 2]);
    const waiting = (): string[] => sql.exec('SELECT command FROM outbound ORDER BY id').map((row) => text(row, 'command'));
    const ask = (zone: string, asked: number, at: number): boolean => {
      const status = { v: 1, online: true, wants: { zone, asked } } as const;
      const answered = answerWish(sql, 'LYON', 'dock-1', status, at);
      keepReport(sql, 'LYON', 'dock-1', status, at);
      return answered;
    };
    expect(ask('A', 1, NOON)).toBe(true);
    expect(ask('A', 1, NOON + 1)).toBe(false);
    expect(waiting()).toHaveLength(1);
    expect(ask('A', 2, NOON + 2)).toBe(true);
    expect(waiting().map((command) => (JSON.parse(command) as ZoneCommand).at)).toEqual([NOON + 2]);
    expect(ask('A 1', 3, NOON + 3)).toBe(false);
  });
});
