import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Page as Bundle, loadPage } from './bundle.ts';
import { FakeModel, sampleCount, ZONES } from './model.fake.ts';
import { type Panel, startPanel } from './server.ts';

/** Nothing but the page under test may talk to the network. */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** A browser on a busy machine takes its time; nothing here is measured. */
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let browser: Browser;
let bundle: Bundle;
let model: FakeModel;
let panel: Panel;
let page: Page;
let complaints: string[];

beforeAll(async () => {
  bundle = await loadPage();
  // Set by .ci/browser.ts, which finds or installs one before any test.
  browser = await chromium.launch({ executablePath: String(process.env['CHROMIUM']), args: FLAGS });
});

afterAll(() => browser?.close());

beforeEach(async () => {
  model = new FakeModel();
  panel = await startPanel({ host: '127.0.0.1', port: 0, model, page: bundle });
});

afterEach(async () => {
  await page.context().close();
  await panel.stop();
});

async function open({ locale = 'fr-FR', width = 390 } = {}): Promise<void> {
  const context = await browser.newContext({ locale, viewport: { width, height: 844 }, hasTouch: true });
  // Well below the test's own limit, so that a failure names what was waited for.
  context.setDefaultTimeout(20_000);
  page = await context.newPage();
  complaints = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('request', (request) => {
    if (!request.url().startsWith(panel.url)) complaints.push(`asked ${request.url()}`);
  });
  await page.goto(panel.url);
  await page.waitForSelector('[data-door]');
}

const item = (n: number): string => `[data-epc="${model.state.doubts[n]?.epc}"]`;

describe('undecided items', () => {
  it('an item accepted by a tap reaches the model and leaves the list', async () => {
    await open();
    const first = item(0);
    await page.fill('.by input', 'Awa');
    await page.tap(`${first} [data-verdict=out]`);
    await page.waitForSelector(first, { state: 'detached' });
    expect(model.decided).toEqual([{ passage: 'D1-mb2k1', epcs: ['30340BF2C87A1B40000003E9'], verdict: 'out', by: 'Awa' }]);
    expect(await page.locator('.badge').textContent()).toBe('2');
    expect(await page.locator('[role=status]').textContent()).toContain('1 décision enregistrée');
    expect(complaints).toEqual([]);
  });

  it('a whole passage is decided only after a second tap', async () => {
    await open();
    const first = item(0);
    const all = page.locator('.group[data-passage="D1-mb2k1"]');
    await all.locator('[data-all=stray]').tap();
    await all.getByRole('button', { name: 'Annuler' }).tap();
    expect(model.decided).toEqual([]);
    await all.locator('[data-all=stray]').tap();
    await all.getByRole('button', { name: 'Confirmer' }).tap();
    await page.waitForSelector(first, { state: 'detached' });
    expect(model.decided).toMatchObject([{ epcs: ['30340BF2C87A1B40000003E9', '30340BF2C87A1B40000003EA'], verdict: 'stray' }]);
  });

  it('one decided elsewhere meanwhile is said in words and stays a decision of the other', async () => {
    await open({ locale: 'en-GB' });
    model.state = { ...model.state, doubts: model.state.doubts.slice(1) };
    await page.tap('[data-epc="30340BF2C87A1B40000003E9"] [data-verdict=in]');
    await page.getByText('Somebody else has just decided on this item.').waitFor();
    expect(model.decided).toEqual([]);
  });

  it('can be decided with the keyboard alone', async () => {
    await open({ width: 1440 });
    await page.locator(`${item(0)} [data-verdict=in]`).focus();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await expect.poll(() => model.decided.map(({ verdict }) => verdict)).toEqual(['out']);
  });
});

describe('a door', () => {
  it('changes by itself when the goods change', async () => {
    await open({ locale: 'en-GB' });
    const card = page.locator('[data-door=D2]');
    expect(await card.locator('.door-words strong').textContent()).toBe('Free');
    const doors = model.state.doors.map((door) =>
      door.id === 'D2' ? { ...door, state: 'occupied' as const, direction: 'in' as const, inDoor: 12 } : door,
    );
    model.change({ doors });
    await card.getByText('In', { exact: true }).waitFor();
    expect(await card.locator('.door-count strong').textContent()).toBe('12');
  });

  it('says what the document misses, and takes another document', async () => {
    await open();
    const card = page.locator('[data-door=D1]');
    expect(await card.locator('.figures dd').allTextContents()).toEqual(['48', '46', '2', '0']);
    await card.getByRole('button', { name: 'Changer' }).tap();
    await page.getByRole('dialog').getByRole('button', { name: 'DA-2042' }).tap();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    expect(model.chosen).toEqual([{ door: 'D1', choice: { kind: 'despatchAdvice', number: 'DA-2042' } }]);
  });
});

describe('a count', () => {
  const count = '#count';
  const figure = (name: string): Promise<string | null> => page.locator(`${count} [data-figure=${name}] dd`).textContent();

  it('is begun in a zone, gone through twice and approved by name, each with a large button', async () => {
    model.state = { ...model.state, zones: ZONES };
    await open();
    expect(await page.locator('[data-zone=B]').textContent()).toContain('sans liste');
    await page.locator('[data-zone=A]').tap();
    await page.getByRole('heading', { name: 'Comptage : Allée A' }).waitFor();
    expect(await figure('expected')).toBe('240');
    model.change({ count: sampleCount({ phase: 'reading', read: 12, missing: 228, unexpected: 0, articles: [] }) });
    await page.locator('[data-figure=read] dd', { hasText: '12' }).waitFor();
    await page.locator('[data-step=end]').tap();
    await page.locator('[data-gtin="03012345678900"] .serials', { hasText: '17 · 23 · 1042 · 1043' }).waitFor();
    await page.locator('[data-step=again]').tap();
    await page.getByText('Reste à trouver : 5').waitFor();
    await page.locator('[data-step=end]').tap();
    await page.locator('[data-step=approve]').tap();
    // Nobody approves without a name.
    expect(await page.locator('[data-step=confirm]').isDisabled()).toBe(true);
    await page.locator('.count-by input').fill('Léa');
    await page.locator('[data-step=confirm]').tap();
    await page.locator('#zones').waitFor();
    expect(model.steps.map((step) => step.do)).toEqual(['begin', 'end', 'again', 'end', 'approve']);
    expect(model.steps.at(-1)).toEqual({ do: 'approve', count: 'c1', by: 'Léa' });
    await page.getByText('Comptage approuvé et enregistré').waitFor();
  });

  it('says that nothing is booked out after one pass, and is discarded only after a second question', async () => {
    model.state = { ...model.state, zones: ZONES, count: sampleCount() };
    await open({ locale: 'en-GB' });
    await page.locator('[data-step=approve]').tap();
    await page.getByText('The 5 missing stay in stock').waitFor();
    await page.getByRole('button', { name: 'Back' }).tap();
    await page.locator('[data-step=discard]').tap();
    expect(model.steps).toEqual([]);
    await page.locator('[data-step=confirm]').tap();
    await page.locator('#zones').waitFor();
    expect(model.steps).toEqual([{ do: 'discard', count: 'c1' }]);
  });

  it('says that a pass in which nothing was read does not count', async () => {
    const silent = { read: 0, missing: 240, unexpected: 0, articles: [] };
    model.state = { ...model.state, zones: ZONES, count: sampleCount({ ...silent, pass: 2, passes: 1, silent: true }) };
    await open({ locale: 'en-GB' });
    await page.getByText('Nothing was read in this pass: it does not count.').waitFor();
    await page.locator('[data-step=again].primary').waitFor();
    await page.locator('[data-step=approve]').tap();
    await page.getByText('The 240 missing stay in stock').waitFor();
  });

  it('is not ended by a glove that taps twice', async () => {
    model.state = { ...model.state, zones: ZONES, count: sampleCount({ phase: 'reading' }) };
    await open({ locale: 'en-GB' });
    await page.setViewportSize({ width: 360, height: 844 });
    for (const share of [0.1, 0.5, 0.9]) {
      const box = await page.locator('[data-step=discard]').boundingBox();
      await page.mouse.dblclick((box?.x ?? 0) + (box?.width ?? 0) / 2, (box?.y ?? 0) + (box?.height ?? 0) * share);
      await page.locator('#count, #zones').waitFor();
      expect(model.steps).toEqual([]);
      const back = page.getByRole('button', { name: 'Back' });
      if (await back.isVisible()) await back.click({ delay: 0 });
      await page.locator('[data-step=discard]').waitFor();
    }
  });

  it('that another screen ended is said to be gone', async () => {
    model.state = { ...model.state, zones: ZONES, count: sampleCount() };
    await open({ locale: 'en-GB' });
    model.state = { ...model.state, count: sampleCount({ count: 'c2' }) };
    await page.locator('[data-step=again]').tap();
    await page.getByText('This count was just ended elsewhere.').waitFor();
  });

  it.each(['fr-FR', 'en-GB'])('in %s fits every screen, with targets for gloves', async (locale) => {
    for (const [name, state] of Object.entries({
      zones: { zones: ZONES },
      reading: { zones: ZONES, count: sampleCount({ phase: 'reading', read: 131, missing: 109, unexpected: 0 }) },
      review: { zones: ZONES, count: sampleCount() },
    })) {
      model.state = { ...new FakeModel().state, ...state };
      await open({ locale });
      for (const width of [360, 820, 1920]) {
        await page.setViewportSize({ width, height: 844 });
        expect(await page.evaluate('document.documentElement.scrollWidth'), `${name} at ${width} px`).toBeLessThanOrEqual(width);
        const heights = (await page.evaluate(
          "[...document.querySelectorAll('#count button, #zones button')].map((one) => Math.round(one.getBoundingClientRect().height))",
        )) as number[];
        expect(heights.length).toBeGreaterThan(0);
        expect(Math.min(...heights)).toBeGreaterThanOrEqual(64);
        const folder = process.env['SCREENSHOTS'];
        if (folder !== undefined) await page.screenshot({ path: `${folder}/${name}-${locale}-${width}.png`, fullPage: true });
      }
      expect(complaints).toEqual([]);
      await page.context().close();
    }
    await open({ locale });
  });
});

describe('the node', () => {
  it('names the bad antenna by door and side', async () => {
    await open({ locale: 'en-GB' });
    await page.getByText('Check: Antenna 4 (Quai 2, warehouse side) — unplugged').waitFor();
  });

  it('lost, is called lost at once, and nothing can be decided until it is back', async () => {
    await open();
    const { port } = panel;
    await panel.stop();
    await page.getByText('Connexion au poste perdue').waitFor();
    expect(await page.locator(`${item(0)} [data-verdict=out]`).isDisabled()).toBe(true);
    panel = await startPanel({ host: '127.0.0.1', port, model, page: bundle });
    await page.getByText('Connexion au poste perdue').waitFor({ state: 'detached' });
    expect(await page.locator(`${item(0)} [data-verdict=out]`).isDisabled()).toBe(false);
  });
});

describe('every screen', () => {
  /** Runs in the page: whatever a finger or a key can reach, with its height. */
  const TARGETS = `[...document.querySelectorAll('button, a, input, summary')]
    .map((one) => [one.textContent || one.outerHTML, Math.round(one.getBoundingClientRect().height)])
    .filter(([, height]) => height > 0)`;

  it.each(['fr-FR', 'en-GB'])('in %s, small and large, light and dark: fits, targets of 44 px, nothing on the console', async (locale) => {
    await open({ locale });
    expect(await page.evaluate('document.documentElement.lang')).toBe(locale.slice(0, 2));
    for (const width of [360, 820, 1920]) {
      await page.setViewportSize({ width, height: 844 });
      expect(await page.evaluate('document.documentElement.scrollWidth'), `${width} px`).toBeLessThanOrEqual(width);
      const targets = (await page.evaluate(TARGETS)) as [string, number][];
      expect(targets.length).toBeGreaterThan(15);
      expect(targets.filter(([, height]) => height < 44)).toEqual([]);
    }
    await page.emulateMedia({ colorScheme: 'dark' });
    const lightness = await page.evaluate('getComputedStyle(document.body).backgroundColor.match(/\\d+/)[0]');
    expect(Number(lightness)).toBeLessThan(40);
    expect(complaints).toEqual([]);
  });

  it('the language is switched by hand and remembered', async () => {
    await open({ locale: 'fr-FR' });
    await page.getByRole('button', { name: 'English' }).tap();
    await page.getByRole('heading', { name: 'To decide' }).waitFor();
    await page.reload();
    await page.getByRole('heading', { name: 'To decide' }).waitFor();
  });

  it('a hostile name is text, whatever it says', async () => {
    const name = `<img src=x onerror=alert(1)>\u202e${'é'.repeat(160)}`;
    model = new FakeModel();
    await panel.stop();
    model.state = {
      ...model.state,
      doubts: model.state.doubts.map((doubt) => ({ ...doubt, name })),
      doors: model.state.doors.map((door) => ({ ...door, name })),
    };
    panel = await startPanel({ host: '127.0.0.1', port: 0, model, page: bundle });
    await open({ width: 360 });
    expect(await page.locator('#app img').count()).toBe(1);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360);
    expect(complaints).toEqual([]);
  });
});

describe('who the node is', () => {
  it('is shown as a fingerprint, and why the hub shuts it out stands beside it in plain words', async () => {
    await open({ locale: 'en-GB' });
    const health = page.locator('#health');
    expect(await health.textContent()).toContain('5661 4209');
    const refused = (code: string): void =>
      model.change({ link: { ...model.state.link, state: 'refused', refusal: { code, text: 'as the hub says it' } } });
    refused('QUARANTINED');
    await expect.poll(() => health.textContent()).toContain('two machines use its key (fingerprint 5661 4209)');
    refused('KEY');
    await expect.poll(() => health.textContent()).toContain('does not know the key of this node (fingerprint 5661 4209)');
    await page.getByRole('button', { name: 'Français' }).click();
    await expect.poll(() => health.textContent()).toContain('ne connaît pas la clé de ce poste (empreinte 5661 4209)');
    refused('CHAIN');
    await expect.poll(() => health.textContent()).toContain('as the hub says it');
  });
});
