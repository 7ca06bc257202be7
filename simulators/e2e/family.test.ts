import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it, onTestFailed } from 'vitest';
import { freePort } from '../stack/ports.ts';
import { Stack } from '../stack/stack.ts';
import { differences, ledgerJourneys, trueJourneys } from './ledger.ts';

const PASSAGE = { quietMs: 800, settleMs: 1_000 };
const WAIT_MS = 30_000;

let stack: Stack | undefined;
let folder: string | undefined;

afterEach(async () => {
  await stack?.stop();
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
});

describe('a pallet crosses a dock door', () => {
  it.each(['a0', 'uhf18', 'llrp'] as const)('that is read by %s, and every item is booked', async (family) => {
    const log: string[] = [];
    onTestFailed(() => console.log(log.slice(-100).join('\n')));
    folder = mkdtempSync(join(tmpdir(), 'docket-e2e-'));
    const up = await Stack.start({
      root: fileURLToPath(new URL('../..', import.meta.url)),
      dataDir: join(folder, 'stack'),
      keep: false,
      seed: 20_261_124,
      hubPort: await freePort(),
      panelPort: await freePort(),
      doors: ['D1'],
      strays: 2,
      family,
      pace: 2,
      passage: PASSAGE,
      watch: false,
      plan: { direction: () => 'in', pallets: 1, hard: 0 },
      line: (from, line) => {
        log.push(`[${from}] ${line}`);
      },
    });
    stack = up;
    const calm = (): Promise<void> =>
      expect
        .poll(
          async () => {
            const { queued, doors, readers, link } = await up.edge.panel.state();
            return [queued, link.state, ...readers.map((reader) => reader.state), ...doors.map((door) => door.state)];
          },
          { timeout: WAIT_MS, interval: 50 },
        )
        .toEqual([0, 'online', 'reading', 'free']);
    await calm();
    const papers = up.erp.prepare(up.nextDelivery());
    await up.erp.announce(papers);
    await expect
      .poll(async () => (await up.edge.panel.state()).expectations.map(({ number }) => number), { timeout: WAIT_MS })
      .toContain(papers.delivery.despatch);
    for (const pass of up.warehouse.passes(papers.delivery, 'D1')) expect(await up.cross(pass), 'the pallet closes a passage').toBe(true);
    await calm();
    const { doubts } = await up.edge.panel.state();
    for (const doubt of doubts) {
      await up.edge.panel.decide(doubt.passage, [doubt.epc], up.warehouse.truthOf(doubt.epc, doubt.door) ?? 'stray', 'e2e');
    }
    await calm();
    const truth = trueJourneys(up.warehouse.crossings);
    console.log(`${family}: ${truth.size} items, ${doubts.length} asked`);
    expect(truth.size).toBeGreaterThan(0);
    expect(differences(truth, await ledgerJourneys(up.client))).toEqual([]);
  });
});
