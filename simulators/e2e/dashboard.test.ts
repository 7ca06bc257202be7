import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFailed } from 'vitest';
import type { Paperwork } from '../erp/paperwork.ts';
import { freePort } from '../stack/ports.ts';
import { SITE, Stack } from '../stack/stack.ts';
import { Warehouse } from '../warehouse.ts';

const DOOR = 'D1';
/** One delivery comes in, the next one leaves; an eighth of the tags answers too seldom for the door to decide. */
const WORLD = {
  doors: [DOOR],
  strays: 2,
  plan: { direction: (number: number): 'in' | 'out' => (number === 1 ? 'in' : 'out'), pallets: 1, hard: 1 / 8 },
};
const MOST_SEEDS = 1_000;
const WAIT_MS = 30_000;
/** Nothing but the pages under test may talk to the network. */
const FLAGS = ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-component-update'];

let folder: string;
let stack: Stack;
let browser: Browser;
let context: BrowserContext;
let dashboard: Page;
let panel: Page;
let purchase: Paperwork;
let sale: Paperwork;
const log: string[] = [];
let complaints: string[] = [];

/**
 * The first seed whose second delivery agrees with its papers once a person has decided: it has two to four such tags, enough to see and
 * few enough to tap, and of each item one that the door is sure of.
 */
function worldWithDoubts(): number {
  for (let seed = 1; seed < MOST_SEEDS; seed++) {
    const world = new Warehouse({ seed, ...WORLD });
    world.nextDelivery();
    const { pallets, advised, intention, direction } = world.nextDelivery();
    const items = pallets.flatMap((pallet) => pallet.items);
    const hard = items.filter(({ tag }) => tag === 'hard').length;
    const sure = advised.every(({ item }) => items.some(({ gtin, tag }) => gtin === item.gtin && tag === 'good'));
    if (direction === 'out' && intention === 'clean' && hard >= 2 && hard <= 4 && sure) return seed;
  }
  throw new Error(`none of ${MOST_SEEDS} worlds has a second delivery with two to four items to decide on`);
}

async function open(): Promise<Page> {
  const page = await context.newPage();
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  return page;
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'docket-screens-'));
  stack = await Stack.start({
    root: fileURLToPath(new URL('../..', import.meta.url)),
    dataDir: join(folder, 'stack'),
    keep: false,
    seed: worldWithDoubts(),
    hubPort: await freePort(),
    panelPort: await freePort(),
    ...WORLD,
    pace: 2,
    passage: { quietMs: 800, settleMs: 1_000 },
    watch: false,
    line: (from, line) => log.push(`[${from}] ${line}`),
  });
  browser = await chromium.launch({ executablePath: String(process.env['CHROMIUM']), args: FLAGS });
  context = await browser.newContext({ locale: 'fr-FR', viewport: { width: 1440, height: 900 }, hasTouch: true });
  context.setDefaultTimeout(WAIT_MS);
  dashboard = await open();
  panel = await open();
  await panel.goto(stack.edge.address);
  await panel.waitForSelector(`[data-door=${DOOR}] .door-words`);
  purchase = stack.erp.prepare(stack.nextDelivery());
  sale = stack.erp.prepare(stack.nextDelivery());
});

afterAll(async () => {
  await browser?.close();
  await stack?.stop();
  rmSync(folder, { recursive: true, force: true });
});

afterEach(() => {
  const seen = complaints;
  complaints = [];
  expect(seen, 'what the pages complained of').toEqual([]);
});

const row = ({ invoice }: Paperwork, status: string): string => `[data-document="${invoice.number}"] [data-status=${status}]`;

/** Announces, bills and drives a delivery; the invoice comes before the goods. */
async function deliver(papers: Paperwork, status: string): Promise<void> {
  await stack.erp.announce(papers);
  await stack.erp.bill(papers);
  await dashboard.waitForSelector(row(papers, status));
  for (const pass of stack.warehouse.passes(papers.delivery, DOOR)) expect(await stack.cross(pass)).toBe(true);
}

/** Taps what is true for every undecided item, one after the other. */
async function decideAll(): Promise<void> {
  const { doubts } = await stack.edge.panel.state();
  for (const { epc } of doubts) {
    await panel.tap(`[data-epc="${epc}"] [data-verdict=${stack.warehouse.truthOf(epc, DOOR) ?? 'stray'}]`);
    await panel.waitForSelector(`[data-epc="${epc}"]`, { state: 'detached' });
  }
}

describe('dashboard and panel in a browser, on a stack that runs', () => {
  it('a person signs in with a key, on a page that allows nothing inline and nothing from elsewhere', async () => {
    onTestFailed(() => console.log(log.slice(-50).join('\n')));
    const page = await dashboard.goto(`${stack.hub.address}/invoices`);
    const script = await (await fetch(`${stack.hub.address}/dashboard.js`)).headers.get('content-security-policy');
    for (const policy of [page?.headers()['content-security-policy'], script]) {
      expect(policy).toMatch(/^default-src 'none'; script-src 'self'; style-src 'self'; .*frame-ancestors 'none'$/);
    }
    const data = await fetch(`${stack.hub.address}/v1/openapi.json`);
    expect(data.headers.get('content-security-policy')).toBe("default-src 'none'; frame-ancestors 'none'; sandbox");
    await data.text();
    await dashboard.fill('#key', stack.key);
    await dashboard.getByRole('button', { name: 'Ouvrir', exact: true }).click();
    await dashboard.waitForSelector('[data-live=live]');
    // A reload would lose this.
    await dashboard.evaluate('window.notReloaded = true');
  });

  it('what comes in turns an invoice from not received to matched, without a reload', async () => {
    onTestFailed(() => console.log(log.slice(-50).join('\n')));
    await deliver(purchase, 'NOT_RECEIVED');
    await dashboard.waitForSelector(row(purchase, 'MATCHED'));
    expect(await dashboard.evaluate('window.notReloaded')).toBe(true);
  });

  it('what leaves turns another from not shipped to short, and taps on the panel to matched', async () => {
    onTestFailed(() => console.log(log.slice(-50).join('\n')));
    await deliver(sale, 'NOT_SHIPPED');
    await dashboard.waitForSelector(row(sale, 'SHORT_SHIPPED'));
    await dashboard.click(`[data-document="${sale.invoice.number}"] .grow`);
    await dashboard.waitForSelector('h1 [data-status=SHORT_SHIPPED]');
    expect(await dashboard.locator('[data-finding=QUANTITY_SHORT]').count()).toBeGreaterThan(0);
    await panel.fill('.by input', 'Awa');
    await decideAll();
    await dashboard.waitForSelector('h1 [data-status=MATCHED]');
    expect(await dashboard.locator('[data-finding]').count()).toBe(0);
    expect(await dashboard.evaluate('window.notReloaded')).toBe(true);
  });

  it('each line shows the passages that prove it, and each passage its serial numbers', async () => {
    const shipped = stack.warehouse.crossings.filter(({ direction }) => direction === 'out');
    const truth = shipped.map(({ item }) => `${item.gtin}/${item.serial}`).sort();
    const seen: string[] = [];
    for (const line of sale.invoice.lines) {
      const below = dashboard.locator(`[data-below="${line.id}"]`);
      const toggle = below.getByRole('button', { name: /Preuve/ });
      if ((await toggle.getAttribute('aria-expanded')) === 'false') await toggle.click();
      const passages = below.locator('[data-entry]');
      for (let i = 0; i < (await passages.count()); i++) {
        const passage = passages.nth(i);
        expect(await passage.locator('.passage').textContent()).toContain(`quai ${DOOR}, ${SITE.name}`);
        await passage.locator('.passage').click();
        await passage.locator('.serials').waitFor();
        for (const serial of await passage.locator('.serials li').allTextContents()) seen.push(`${line.gtin}/${serial}`);
      }
    }
    expect(seen.sort()).toEqual(truth);
    expect(await dashboard.getByText('décidé par Awa').count()).toBeGreaterThan(0);
  });

  it('everything changes its language at a click, sentences of the hub included', async () => {
    await dashboard.getByRole('button', { name: 'English' }).click();
    await dashboard.getByText('Lines', { exact: true }).waitFor();
    const words = await dashboard.locator('main').textContent();
    expect(words).toMatch(/billed, .* shipped at door D1/);
    expect(words).not.toMatch(/facturé|Preuve|quai/);
    expect(await dashboard.locator('html').getAttribute('lang')).toBe('en');
    await dashboard.getByRole('button', { name: 'Français' }).click();
    await dashboard.getByText('Lignes', { exact: true }).waitFor();
  });
});
