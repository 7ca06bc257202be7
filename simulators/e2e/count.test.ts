import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Browser, chromium } from 'playwright-core';
import { afterEach, expect, it, onTestFailed } from 'vitest';
import { encodeSgtin96 } from '../../protocol/epc.ts';
import { ReaderEmulator } from '../reader/emulator.ts';
import type { PanelCount } from '../stack/panel.ts';
import { freePort } from '../stack/ports.ts';
import { Stack } from '../stack/stack.ts';

const WAIT_MS = 30_000;
const PASSAGE = { quietMs: 800, settleMs: 1_000 };

let stack: Stack | undefined;
let desk: ReaderEmulator | undefined;
let folder: string | undefined;
let browser: Browser | undefined;
/** Nothing but the page under test may talk to the network. */
const FLAGS = ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-component-update'];

afterEach(async () => {
  await browser?.close();
  await stack?.stop();
  await desk?.close();
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
});

interface CountRow {
  readonly zone: string;
  readonly read: number;
  readonly lost: number;
  readonly surplus: number;
  readonly passes: number;
}

it('a desk reader counts a zone: the stock comes to what is there, also when the count is handed over later', async () => {
  const log: string[] = [];
  onTestFailed(() => console.log(log.slice(-100).join('\n')));
  folder = mkdtempSync(join(tmpdir(), 'docket-e2e-'));
  /** What lies on the desk: each tag answers every 50 ms or so. */
  let there: readonly string[] = [];
  let turn = 0;
  desk = await ReaderEmulator.open({
    transport: { kind: 'pty' },
    ports: 1,
    source: () => {
      turn += 1;
      return there.filter((_, i) => (i + turn) % 5 === 0).map((epc) => ({ epc, antenna: 1, rssi: -48 }));
    },
  });
  const up = await Stack.start({
    root: fileURLToPath(new URL('../..', import.meta.url)),
    dataDir: join(folder, 'stack'),
    ...{ keep: false, seed: 20_261_124, hubPort: await freePort(), panelPort: await freePort() },
    ...{ doors: ['D1'], strays: 0, pace: 2, passage: PASSAGE, watch: false, plan: { direction: () => 'in', pallets: 1, hard: 0 } },
    counts: {
      zones: [{ id: 'A', name: 'Allée A' }],
      readers: [{ id: 'desk', model: 'thingmagic', link: desk.path, powerCdbm: 1_500 }],
    },
    line: (from, line) => {
      log.push(`[${from}] ${line}`);
    },
  });
  stack = up;
  const { panel } = up.edge;
  const gtin = up.warehouse.catalog.items[0]?.gtin ?? '';
  const tags = (...serials: number[]): string[] => serials.map((serial) => encodeSgtin96(gtin, serial, 7));
  const serials = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i);
  const poll = (what: string, read: () => Promise<unknown>) =>
    expect.poll(() => read().catch(() => undefined), { timeout: WAIT_MS, interval: 50, message: what });
  const open = async (): Promise<PanelCount> => (await panel.state()).count as PanelCount;
  const stock = async (): Promise<number> => {
    const rows = await up.client.all<{ gtin: string; quantity: number }>('/v1/stock?limit=200');
    return rows.find((row) => row.gtin === gtin)?.quantity ?? 0;
  };
  /** Nothing lies on the desk, and its reader has said so. */
  const cleared = async (): Promise<void> => {
    there = [];
    await poll(
      'the desk is silent',
      async () => (await panel.state()).readers.find(({ id }) => id === 'desk')?.readsPerSecond,
    ).toBeLessThan(1);
  };
  const pass = async (read: readonly string[], count: number): Promise<void> => {
    there = read;
    await poll(`${count} items are read`, async () => (await open()).read).toBe(count);
    await panel.count({ do: 'end', count: (await open()).count });
  };

  // The first count of a zone that nobody knew anything of: what is read is there.
  await poll('the desk reads', async () => (await panel.state()).zones.find(({ id }) => id === 'A')?.reading).toBe(true);
  await poll('the hub says what it knows of the zone', async () => (await panel.state()).zones[0]?.listedAt).not.toBeNull();
  await panel.count({ do: 'begin', zone: 'A' });
  await pass(tags(...serials(1, 30)), 30);
  const first = (await open()).count;
  await panel.count({ do: 'approve', count: first, by: 'Léa' });
  await poll('the ledger has what was counted', stock).toBe(30);
  const listed = (await panel.state()).zones[0]?.listedAt ?? 0;
  await poll('the node knows what stands in the zone now', async () => ((await panel.state()).zones[0]?.listedAt ?? 0) > listed).toBe(true);

  // The hub is gone. The supervisor counts by the list that the node has: two are missing in both passes, one nobody knew.
  await up.hub.kill();
  await poll('the node is alone', async () => (await panel.state()).link.state).not.toBe('online');
  await cleared();
  await panel.count({ do: 'begin', zone: 'A' });
  expect(await open()).toMatchObject({ expected: 30, read: 0 });
  await pass(tags(...serials(3, 29), 900), 28);
  expect(await open()).toMatchObject({ missing: 3, unexpected: 1 });
  await cleared();
  await panel.count({ do: 'again', count: (await open()).count });
  // Serial 30 was only shaded. The node dies in the middle of the pass and goes on where it was.
  there = tags(30);
  await poll('the shaded one is read', async () => (await open()).read).toBe(29);
  await up.edge.stop();
  await up.edge.start();
  expect(await open()).toMatchObject({ pass: 2, phase: 'reading', expected: 30, read: 29, missing: 2, unexpected: 1 });
  await panel.count({ do: 'end', count: (await open()).count });
  await panel.count({ do: 'approve', count: (await open()).count, by: 'Léa' });
  expect((await panel.state()).queued).toBe(1);

  await up.hub.start();
  await poll('the count is handed over', async () => (await panel.state()).queued).toBe(0);
  await poll('the stock is what is there', stock).toBe(29);
  const counts = await up.client.all<CountRow>('/v1/counts?limit=10');
  expect(counts.map(({ zone, read, lost, surplus, passes }) => [zone, read, lost, surplus, passes])).toEqual([
    ['A', 29, 2, 1, 2],
    ['A', 30, 0, 30, 1],
  ]);
  const movements = await up.client.all<{ reason?: string; direction: string; quantity: number }>('/v1/movements?limit=10');
  expect(movements.map(({ reason, direction, quantity }) => [reason, direction, quantity])).toEqual([
    ['shrinkage', 'out', 2],
    ['surplus', 'in', 1],
    ['surplus', 'in', 30],
  ]);

  // Head office looks at it, in both languages, on a desk and on a phone, and settles what is open.
  browser = await chromium.launch({ executablePath: String(process.env['CHROMIUM']), args: FLAGS });
  const screens = process.env['SCREENSHOTS'];
  for (const locale of ['fr-FR', 'en-GB']) {
    const context = await browser.newContext({ locale, viewport: { width: 1440, height: 900 } });
    context.setDefaultTimeout(WAIT_MS);
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(error.message));
    await page.goto(`${up.hub.address}/counts#key=${encodeURIComponent(up.key)}`);
    await page.locator('[data-plan=A]').waitFor();
    await page.locator('[data-count]').first().waitFor();
    for (const view of ['list', 'count']) {
      for (const width of [1440, 360]) {
        await page.setViewportSize({ width, height: 900 });
        expect(await page.evaluate('document.documentElement.scrollWidth'), `${view} at ${width} px`).toBeLessThanOrEqual(width);
        if (screens !== undefined) await page.screenshot({ path: `${screens}/office-${view}-${locale}-${width}.png`, fullPage: true });
      }
      await page.setViewportSize({ width: 1440, height: 900 });
      if (view === 'list') await page.locator('[data-count]').first().getByRole('link').click();
      else await page.getByRole('link', { name: locale === 'fr-FR' ? 'Tous les comptages' : 'All counts' }).click();
      await page
        .locator(view === 'list' ? `[data-line="${gtin}"]` : '[data-count]')
        .first()
        .waitFor();
    }
    const finding = page.locator('[data-finding^=SHRINKAGE]');
    if (locale === 'fr-FR') {
      expect(await finding.textContent()).toContain('2 articles attendus n’ont pas été lus en deux passages dans la zone Allée A');
      await finding.locator('.settle').click();
      await finding.locator('input').fill('Casse');
      await finding.locator('.primary').click();
    }
    await finding.waitFor({ state: 'detached' });
    expect(complaints).toEqual([]);
    await context.close();
  }
  expect(await stock(), 'what is settled stays as it was counted').toBe(29);
}, 240_000);
