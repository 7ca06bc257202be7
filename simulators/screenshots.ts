import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { findBrowser } from '../.ci/browser.ts';
import { Fault } from '../protocol/fault.ts';
import type { Paperwork } from './erp/paperwork.ts';
import { freePort } from './stack/ports.ts';
import { SITE, Stack } from './stack/stack.ts';
import type { Delivery } from './warehouse/delivery.ts';
import { type Pass, Warehouse } from './warehouse.ts';

/**
 * Takes the pictures of README.md from the real thing: `node simulators/screenshots.ts`. Deliveries come in until an invoice bills what
 * never arrived and a person has one item left to decide on; then a pallet stands in a door.
 */
const ROOT = fileURLToPath(new URL('..', import.meta.url));
const PICTURES = { panel: join(ROOT, 'edge/panel/panel.png'), dashboard: join(ROOT, 'cloud/dashboard/dashboard.png') } as const;
const SIZE = { width: 1440, height: 900 } as const;
const DOORS = ['D1', 'D2'];
const WORLD = {
  doors: DOORS,
  strays: 3,
  plan: { direction: (): 'in' => 'in', pallets: 2, hard: 1 / 20 },
};
/** The fifth delivery is the one that stands in the door. */
const DELIVERIES = 5;
const MOST_SEEDS = 2_000;
/** Share of a pallet that is heard when it stands in the door. */
const MOST_OF_IT = 0.9;
const WAIT_MS = 30_000;

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

const hardOf = ({ pallets }: Delivery): number => pallets.flatMap(({ items }) => items).filter(({ tag }) => tag === 'hard').length;

/** A world with a delivery that came short, and items to decide on only in the one after it. */
function chooseSeed(): number {
  for (let seed = 1; seed < MOST_SEEDS; seed++) {
    const world = new Warehouse({ seed, ...WORLD });
    const [first, , third, fourth, last] = Array.from({ length: DELIVERIES }, () => world.nextDelivery());
    if (first === undefined || third === undefined || fourth === undefined || last === undefined) continue;
    if (third.intention === 'missing' && hardOf(third) === 0 && hardOf(fourth) > 0 && hardOf(last) === 0 && last.intention === 'clean')
      return seed;
  }
  throw new Fault('NO_WORLD', `none of ${MOST_SEEDS} worlds has what the pictures show`);
}

async function until(what: string, met: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + WAIT_MS;
  while (!(await met())) {
    if (Date.now() > end) throw new Fault('NOT_SEEN', `waited ${WAIT_MS / 1000} s in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function cross(stack: Stack, pass: Pass): Promise<void> {
  if (!(await stack.cross(pass))) throw new Fault('NOT_CLOSED', `no passage was closed for ${pass.id}`);
}

async function announce(stack: Stack): Promise<Paperwork> {
  const papers = stack.erp.prepare(stack.nextDelivery());
  await stack.erp.announce(papers);
  await until(`${papers.delivery.despatch} is due at the door`, async () =>
    (await stack.edge.panel.state()).expectations.some(({ number }) => number === papers.delivery.despatch),
  );
  return papers;
}

/** Decides all but one item as it really was. */
async function decide(stack: Stack): Promise<void> {
  const { doubts } = await stack.edge.panel.state();
  for (const { passage, epc, door } of doubts.slice(1))
    await stack.edge.panel.decide(passage, [epc], stack.warehouse.truthOf(epc, door) ?? 'stray', 'Awa');
}

async function open(browser: Browser, address: string): Promise<Page> {
  const context = await browser.newContext({ locale: 'en-GB', viewport: SIZE, timezoneId: SITE.timeZone, colorScheme: 'light' });
  context.setDefaultTimeout(WAIT_MS);
  const page = await context.newPage();
  await page.goto(address);
  return page;
}

/** The invoice that was short, with the serial numbers of the passage that proves its line. */
async function pictureInvoice(page: Page, { invoice }: Paperwork): Promise<Buffer> {
  await page.click(`[data-document="${invoice.number}"] .grow`);
  await page.waitForSelector('h1 [data-status=SHORT_RECEIVED]');
  await page.locator('.passage').last().click();
  await page.waitForSelector('.serials li');
  await page.mouse.move(0, 0);
  return page.screenshot();
}

/** The second pallet of a delivery, while it stands in the door. */
async function picturePallet(stack: Stack, page: Page, { delivery }: Paperwork): Promise<Buffer> {
  const [first, second] = stack.warehouse.passes(delivery, DOORS[0] ?? '');
  if (first === undefined || second === undefined) throw new Fault('NO_PALLET', `${delivery.despatch} has fewer than two pallets`);
  await cross(stack, first);
  const driven = stack.drive(second);
  const door = page.locator(`[data-door=${DOORS[0]}]`);
  await door.getByText('into the warehouse').waitFor();
  await until('the pallet is in the door', async () => {
    const shown = Number(await door.locator('.door-count strong').textContent());
    return shown >= second.pallet.items.length * MOST_OF_IT;
  });
  const picture = await page.screenshot();
  await driven;
  return picture;
}

async function play(stack: Stack, browser: Browser): Promise<{ panel: Buffer; dashboard: Buffer }> {
  const panel = await open(browser, stack.edge.address);
  const dashboard = await open(browser, `${stack.hub.address}/#key=${stack.key}`);
  const played: Paperwork[] = [];
  for (let i = 0; i < DELIVERIES - 1; i++) {
    const papers = await announce(stack);
    for (const pass of stack.warehouse.passes(papers.delivery, DOORS[i % 2] ?? '')) await cross(stack, pass);
    await stack.erp.bill(papers);
    played.push(papers);
  }
  await decide(stack);
  const short = played[2];
  if (short === undefined) throw new Fault('NO_DELIVERY', 'fewer than three deliveries were played');
  const invoice = await pictureInvoice(dashboard, short);
  return { dashboard: invoice, panel: await picturePallet(stack, panel, await announce(stack)) };
}

async function run(): Promise<void> {
  const browser = await chromium.launch({ executablePath: findBrowser(), args: ['--no-sandbox', '--disable-gpu'] });
  const options = { root: ROOT, dataDir: join(ROOT, '.docket/screenshots'), keep: false, watch: false, pace: 1, ...WORLD };
  const stack = await Stack.start({ ...options, seed: chooseSeed(), hubPort: await freePort(), panelPort: await freePort() });
  let pictures: { panel: Buffer; dashboard: Buffer };
  try {
    pictures = await play(stack, browser);
  } finally {
    await stack.stop();
    await browser.close();
  }
  // Only now: a hub that runs watches its folder and would start again.
  for (const name of ['panel', 'dashboard'] as const) {
    writeFileSync(PICTURES[name], pictures[name]);
    say(`${PICTURES[name].slice(ROOT.length)}  ${Math.round(pictures[name].length / 1024)} KB`);
  }
}

await run();
