import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { Fault } from '../../protocol/fault.ts';
import { type Page as Bundle, loadPage } from './bundle.ts';
import { FakeModel } from './model.fake.ts';
import { BodyFault } from './problem.ts';
import { type Panel, startPanel } from './server.ts';
import { FakeSetUp } from './setup.fake.ts';
import type { SearchResult } from './setupmodel.ts';

/** A browser on a busy machine takes its time; nothing here is measured. */
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let browser: Browser;
let bundle: Bundle;
let setUp: FakeSetUp;
let panel: Panel;
let page: Page;
let complaints: string[];

beforeAll(async () => {
  bundle = await loadPage();
  // Set by .ci/browser.ts; nothing but the page under test may talk to the network.
  const args = ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-component-update'];
  browser = await chromium.launch({ executablePath: String(process.env['CHROMIUM']), args });
});
afterAll(() => browser?.close());
beforeEach(async () => {
  setUp = new FakeSetUp();
  panel = await startPanel({ host: '127.0.0.1', port: 0, model: new FakeModel(), setUp, page: bundle });
});
afterEach(async () => {
  await page.context().close();
  await panel.stop();
});

async function open({ locale = 'fr-FR', width = 390 } = {}): Promise<void> {
  const context = await browser.newContext({ locale, viewport: { width, height: 844 }, hasTouch: true });
  context.setDefaultTimeout(20_000);
  page = await context.newPage();
  complaints = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  await page.goto(panel.url);
  await page.locator('a[href="#setup"]').tap();
  await page.waitForSelector('[data-setup-reader]');
}

describe('the set-up screen', () => {
  it('says in large which antenna a tag is held to, where it is, and which cable is bad', async () => {
    await open();
    const nearest = page.locator('[data-nearest]');
    expect(await nearest.getAttribute('data-nearest')).toBe('r1:2');
    expect(await nearest.textContent()).toContain('Antenne 2');
    expect(await nearest.textContent()).toContain('Quai 1, côté entrepôt · lecteur r1');
    expect(await page.locator('[data-setup-reader]').textContent()).toContain('Antenne 4 non connectée');
    expect(await page.locator('[data-antenna="r1:2"]').textContent()).toContain('−42 dBm');
    setUp.current = { ...setUp.current, nearest: null };
    await nearest.getByText('Aucune étiquette entendue').waitFor();
    await page.getByRole('link', { name: 'Retour aux quais' }).tap();
    await page.waitForSelector('[data-door]');
    expect(complaints).toEqual([]);
  });

  it('says in the language of the page what is wrong with a reader, with the words of the node beside', async () => {
    await open();
    const [reader] = setUp.current.readers;
    if (reader === undefined) expect.fail('no reader');
    const message = { code: 'READER_SILENT', text: '/dev/rfid/dock-1: no answer' };
    setUp.current = { ...setUp.current, readers: [{ ...reader, state: 'failed', message }] };
    await page.getByText('Le lecteur ne répond pas').waitFor();
    expect(await page.locator('[data-fault=READER_SILENT]').textContent()).toContain(message.text);
  });

  it('has words in both languages for all that a reader is said to have', async () => {
    const codes = new Set(
      globSync('../readers/**/*.ts', { cwd: import.meta.dirname, exclude: (name) => name.endsWith('.test.ts') })
        .map((name) => readFileSync(join(import.meta.dirname, name), 'utf8'))
        .flatMap((text) => text.match(/'(READER|LINK)_[A-Z_]+'/g) ?? [])
        .map((code) => code.slice(1, -1)),
    );
    // Of a command, of a stop, and of settings that are never taken: a reader's card does not show them.
    for (const code of ['READER_OUTPUT', 'READER_BUSY', 'READER_STOPPED', 'READER_MODEL', 'LINK_ADDRESS']) codes.delete(code);
    expect(codes.size).toBeGreaterThan(20);
    await open();
    const [reader] = setUp.current.readers;
    if (reader === undefined) expect.fail('no reader');
    const readers = [...codes].map((code) => ({
      ...reader,
      id: code,
      state: 'failed' as const,
      antennas: [],
      message: { code, text: '' },
    }));
    setUp.current = { ...setUp.current, readers };
    for (const language of ['Français', 'English']) {
      await page.getByRole('button', { name: language }).tap();
      await page.waitForSelector('[data-fault]');
      await expect.poll(() => page.locator('[data-fault]').count()).toBe(codes.size);
      const wordless = `[...document.querySelectorAll('[data-fault]')].filter((one) => one.textContent.trim() === '')`;
      expect(await page.evaluate(`${wordless}.map((one) => one.dataset.fault)`)).toEqual([]);
    }
  });

  it('does not call an antenna good whose reader is gone', async () => {
    await open();
    const [reader] = setUp.current.readers;
    if (reader === undefined) expect.fail('no reader');
    expect(await page.locator('[data-antenna="r1:1"]').textContent()).toContain('bon');
    setUp.current = { ...setUp.current, readers: [{ ...reader, state: 'failed', message: { code: 'LINK_OPEN', text: 'gone' } }] };
    await page.waitForSelector('[data-fault=LINK_OPEN]');
    expect(await page.locator('[data-antenna="r1:1"]').textContent()).not.toContain('bon');
    expect(await page.locator('[data-antenna="r1:4"]').textContent()).toContain('débranché');
  });

  it.each([360, 390, 1440])('fits a screen of %i pixels, with targets for gloves, in both languages', async (width) => {
    await open({ width });
    setUp.current = { ...setUp.current, search: { running: false, done: 1, total: 1, results: [found] } };
    await page.waitForSelector('[data-link]');
    for (const language of ['Français', 'English']) {
      await page.getByRole('button', { name: language }).tap();
      await page.locator('[data-setup-reader] button').first().tap();
      await page.waitForSelector('select[name=model]');
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
      const small = `[...document.querySelectorAll('button, a, input, select')].filter((one) => one.offsetHeight > 0 && one.offsetHeight < 44)`;
      expect(await page.evaluate(`${small}.map((one) => one.outerHTML)`)).toEqual([]);
      await page.keyboard.press('Escape');
    }
    expect(complaints).toEqual([]);
  });

  it('changes a reader, and sees before the node does what can’t be right', async () => {
    await open({ locale: 'en-GB' });
    await page.getByRole('button', { name: 'Change' }).tap();
    await page.waitForSelector('select[name=model]');
    await page.fill('input[name=power]', '240');
    await page.selectOption('select[name=port3]', '');
    await page.getByRole('button', { name: 'Save' }).tap();
    await page.getByText('Quai 2 needs an antenna on each side').waitFor();
    expect(await page.locator('input[name=power]').getAttribute('aria-invalid')).toBe('true');
    expect(setUp.saved).toEqual([]);
    await page.fill('input[name=power]', '24.5');
    await page.selectOption('select[name=model]', 'a0');
    await page.selectOption('select[name=port3]', 'D2/outside');
    await page.getByRole('button', { name: 'Save' }).tap();
    await page.getByText('the reader starts again').waitFor();
    expect(setUp.saved).toMatchObject([{ id: 'r1', revision: 'rev1', reader: { model: 'a0', powerCdbm: 2_450, region: 'EU3' } }]);
    expect(setUp.saved[0]?.antennas).toEqual([
      { port: 1, door: 'D1', side: 'outside' },
      { port: 2, door: 'D1', side: 'inside' },
      { port: 3, door: 'D2', side: 'outside' },
      { port: 4, door: 'D2', side: 'inside' },
    ]);
    expect(complaints).toEqual([]);
  });

  it('changes a reader that publishes to the broker', async () => {
    await open({ locale: 'en-GB' });
    await page.getByRole('button', { name: 'Change' }).tap();
    await page.fill('input[name=link]', 'mqtt://dock-1');
    await page.getByRole('button', { name: 'Save' }).tap();
    await page.getByText('the reader starts again').waitFor();
    expect(setUp.saved).toMatchObject([{ reader: { link: 'mqtt://dock-1' } }]);
  });

  it('says that a reader needs a door where no zone counts with it', async () => {
    const message = 'no door has an antenna of "r1" and no zone counts with it: name its ports there, or leave it out';
    setUp.refuse = new BodyFault([{ field: 'readers[0].id', message }]);
    await open();
    await page.getByRole('button', { name: 'Modifier' }).tap();
    await page.waitForSelector('select[name=model]');
    await page.getByRole('button', { name: 'Enregistrer', exact: true }).tap();
    await page.getByText('Donnez au moins une antenne').waitFor();
  });

  it('says that somebody else was faster', async () => {
    setUp.refuse = new Fault('SETTINGS_CHANGED', 'changed');
    await open({ locale: 'en-GB' });
    await page.getByRole('button', { name: 'Change' }).tap();
    await page.waitForSelector('select[name=model]');
    await page.getByRole('button', { name: 'Save' }).tap();
    await page.getByText('Somebody else has changed the settings').waitFor();
  });

  it('lists tags, filters them, and follows the one that is touched', async () => {
    await open();
    const tag = page.locator('[data-tag] button');
    await tag.tap();
    await expect.poll(() => setUp.followed).toBe('30340BF2C87A1B4000000ABC');
    await page.getByPlaceholder('Filtrer par numéro').fill('0000 0abc');
    expect(await tag.count()).toBe(1);
    await page.getByPlaceholder('Filtrer par numéro').fill('FFFF');
    await page.getByText('Aucune étiquette ne correspond').waitFor();
    await page.getByRole('button', { name: 'Recompter' }).tap();
    await expect.poll(() => setUp.cleared).toBe(1);
    await expect.poll(() => setUp.followed).toBeUndefined();
  });

  it('looks for readers, and fills the form with the one that was found', async () => {
    await open({ locale: 'en-GB' });
    await page.getByRole('button', { name: 'Search here' }).tap();
    await page.getByPlaceholder(/Network address/).fill('10.0.0.9:4001');
    await page.getByRole('button', { name: 'Ask there' }).tap();
    await expect.poll(() => setUp.searched).toEqual([undefined, '10.0.0.9:4001']);
    setUp.current = { ...setUp.current, search: { running: false, done: 1, total: 1, results: [found] } };
    await page.locator('[data-link] button', { hasText: 'r1' }).tap();
    await page.waitForSelector('select[name=model]');
    expect(await page.inputValue('input[name=link]')).toBe('tcp://10.0.0.9:4001');
    expect(await page.inputValue('select[name=model]')).toBe('a0');
    expect(complaints).toEqual([]);
  });

  it('offers a recording as a file', async () => {
    await open({ locale: 'en-GB' });
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'Record 30 s' }).tap()]);
    expect(download.suggestedFilename()).toMatch(/^docket-r1-.*\.tape$/);
    expect(setUp.wishes).toMatchObject([{ seconds: 30, what: 'bytes' }]);
  });
});

const found: SearchResult = {
  link: 'tcp://10.0.0.9:4001',
  state: 'found',
  model: 'a0',
  name: 'R2000',
  firmware: '8.2',
  antennas: [{ port: 1, connected: null, readsPerSecond: 12, rssi: -61 }],
};
