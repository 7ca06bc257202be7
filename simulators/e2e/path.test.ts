import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it, onTestFailed } from 'vitest';
import type { Paperwork } from '../erp/paperwork.ts';
import { Random } from '../random.ts';
import { freePort } from '../stack/ports.ts';
import { Stack } from '../stack/stack.ts';
import type { Pass } from '../warehouse.ts';
import { differences, ledgerJourneys, stockOf, trueJourneys } from './ledger.ts';
import { strike } from './strike.ts';

/** Another one is another world: E2E_SEED=7 npx vitest run --project e2e */
const SEED = Number(process.env['E2E_SEED'] ?? 20_261_124);
const DOORS = ['D1', 'D2'];
/** Half come in, then half go out: 20 invoices, 40 pallets. */
const DELIVERIES = 20;
const WAVE = DELIVERIES / 2;
/** Forklifts at twice their speed. */
const PACE = 2;
/** And with less distance than at a real dock. */
const PASSAGE = { quietMs: 800, settleMs: 1_000 };
const WAIT_MS = 30_000;

let stack: Stack | undefined;
let folder: string | undefined;

afterEach(async () => {
  await stack?.stop();
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
});

/** @throws AssertionError that says what was awaited */
async function until(what: string, met: () => Promise<boolean>): Promise<void> {
  await expect.poll(() => met().catch(() => false), { timeout: WAIT_MS, interval: 50, message: what }).toBe(true);
}

/** Nothing is in a door and nothing waits for the hub. */
async function calm(up: Stack): Promise<void> {
  await until('readers read, doors are free and the outbox is empty', async () => {
    const { queued, doors, readers, link } = await up.edge.panel.state();
    const reading = readers.every((reader) => reader.state === 'reading');
    return queued === 0 && link.state === 'online' && reading && doors.every((door) => door.state === 'free');
  });
}

/** What shall be killed in which pallet of the story, and how often that fell between close and PUBACK. */
class Blows {
  readonly hits = { edge: 0, hub: 0 };
  kills = 0;
  late = 0;
  readonly #random: Random;
  readonly #wanted: ('edge' | 'hub')[] = ['edge', 'hub', 'edge'];
  #next: number;

  constructor(random: Random) {
    this.#random = random;
    this.#next = random.int(1, 4);
  }

  /** What to kill in this round; undefined for a quiet one. */
  due(round: number): 'edge' | 'hub' | undefined {
    return round >= this.#next ? this.#wanted[0] : undefined;
  }

  /** Resolves when the blow has fallen, with a promise that what it killed is up again. */
  async fall(up: Stack, pass: Pass, what: 'edge' | 'hub', round: number): Promise<{ again: Promise<void> }> {
    const { struck, hit, again } = await strike(up, pass, what, this.#random);
    if (struck) this.kills += 1;
    else this.late += 1;
    if (hit) {
      this.hits[what] += 1;
      this.#wanted.shift();
      this.#next = round + this.#random.int(2, 5);
    }
    return { again };
  }
}

/** One delivery at each door at the same time, pallet by pallet. */
async function deliver(up: Stack, pair: readonly Paperwork[], blows: Blows, round: number): Promise<void> {
  const passes = pair.map((papers, i) => up.warehouse.passes(papers.delivery, DOORS[i] ?? ''));
  for (let k = 0; k < 2; k++) {
    const due = blows.due(round + k);
    const now = passes.flatMap((list) => list[k] ?? []);
    if (due === undefined) {
      const closed = await Promise.all(now.map((pass) => up.cross(pass)));
      expect(closed, 'every pallet closes a passage').not.toContain(false);
      continue;
    }
    const [struck, ...others] = now;
    if (struck === undefined) continue;
    const { again } = await blows.fall(up, struck, due, round + k);
    // What a dead edge can't hear is lost in any dock: the other door waits. A dead hub stops nobody.
    if (due === 'edge') {
      await again;
      await calm(up);
    }
    for (const pass of others) expect(await up.cross(pass), 'every pallet closes a passage').toBe(true);
    await again;
    await calm(up);
  }
}

/** A person at the panel who was there and saw what moved. Every item that no record moved must stand on the list. */
async function decideAll(up: Stack): Promise<number> {
  await calm(up);
  const { doubts, doubtsTotal } = await up.edge.panel.state();
  expect(doubts.length).toBe(doubtsTotal);
  const listed = new Set(doubts.map((doubt) => doubt.epc));
  const wrong = differences(trueJourneys(up.warehouse.crossings), await ledgerJourneys(up.client));
  const open = new Set([...listed].map((epc) => up.warehouse.crossings.find((crossing) => crossing.item.epc === epc)?.item));
  const names = new Set([...open].flatMap((item) => (item === undefined ? [] : [`${item.gtin}/${item.serial}`])));
  expect(
    wrong.filter((row) => !names.has(row.split(':')[0] ?? '')),
    'what is decided equals the truth, what is not stands on the list',
  ).toEqual([]);
  for (const doubt of doubts) {
    const verdict = up.warehouse.truthOf(doubt.epc, doubt.door) ?? 'stray';
    await up.edge.panel.decide(doubt.passage, [doubt.epc], verdict, 'e2e');
  }
  await calm(up);
  expect((await up.edge.panel.state()).doubtsTotal).toBe(0);
  return doubts.length;
}

async function wave(up: Stack, blows: Blows, random: Random, first: number): Promise<number> {
  const papers: Paperwork[] = [];
  for (let i = 0; i < WAVE; i++) {
    const one = up.erp.prepare(up.nextDelivery());
    await up.erp.announce(one);
    papers.push(one);
  }
  await until('the edge knows what is due', async () => {
    const due = new Set((await up.edge.panel.state()).expectations.map((expectation) => expectation.number));
    return papers.every((one) => due.has(one.delivery.despatch));
  });
  for (let i = 0; i < papers.length; i += DOORS.length) {
    const pair = papers.slice(i, i + DOORS.length);
    // Paper comes before the goods, or after them.
    const early = new Set(pair.filter(() => random.chance(0.4)));
    for (const one of early) await up.erp.bill(one);
    await deliver(up, pair, blows, first + i);
    for (const one of pair) if (!early.has(one)) await up.erp.bill(one);
  }
  return decideAll(up);
}

async function checkInvoices(up: Stack): Promise<void> {
  const found: string[] = [];
  const due: string[] = [];
  const line = (id: string, status: string | null, matched: number, short: number, over: number): string =>
    `${id} ${status} ${matched}/${short}/${over}`;
  for (const { id, paperwork } of up.erp.sent) {
    const { number, status, lines, findings } = await up.client.document(id);
    const duplicate = findings.some((finding) => finding.code === 'DUPLICATE_NUMBER');
    const { expected, delivery } = paperwork;
    const head = (state: string, twice: boolean): string => `${number} ${delivery.intention} ${state}${twice ? ' DUPLICATE_NUMBER' : ''}:`;
    found.push([head(status, duplicate), ...lines.map((one) => line(one.id, one.status, one.matched, one.short, one.over))].join(' '));
    due.push(
      [
        head(expected.status, expected.duplicated),
        ...expected.lines.map((one) => line(one.id, one.status, one.matched, one.short, one.over)),
      ].join(' '),
    );
  }
  expect(found).toEqual(due);
  const statuses = up.erp.sent.map((one) => one.paperwork.expected.status);
  const counts = [...new Set(statuses)].sort().map((status) => `${status} ${statuses.filter((one) => one === status).length}`);
  console.log(`invoices as expected: ${counts.join(', ')}`);
}

describe('the whole path with real processes', () => {
  it('books every item and settles every invoice although edge and hub are killed before their PUBACK', async () => {
    const log: string[] = [];
    onTestFailed(() => console.log(log.slice(-150).join('\n')));
    folder = mkdtempSync(join(tmpdir(), 'docket-e2e-'));
    const random = new Random(SEED).fork('e2e');
    const blows = new Blows(random);
    const up = await Stack.start({
      root: fileURLToPath(new URL('../..', import.meta.url)),
      dataDir: join(folder, 'stack'),
      keep: false,
      seed: SEED,
      hubPort: await freePort(),
      panelPort: await freePort(),
      doors: DOORS,
      strays: 4,
      pace: PACE,
      passage: PASSAGE,
      watch: false,
      plan: { direction: (number) => (number <= WAVE ? 'in' : 'out'), pallets: 2, hard: 1 / 20 },
      line: (from, line) => {
        log.push(`[${from}] ${line}`);
      },
    });
    stack = up;
    await calm(up);

    const asked = (await wave(up, blows, random, 0)) + (await wave(up, blows, random, WAVE));

    console.log(
      `seed ${SEED}: ${blows.kills} kills, in the wanted interval: edge ${blows.hits.edge}, hub ${blows.hits.hub}; ` +
        `${blows.late} times the PUBACK was faster; ${asked} items decided on the panel`,
    );
    expect(blows.hits).toEqual({ edge: 2, hub: 1 });
    const truth = trueJourneys(up.warehouse.crossings);
    const ledger = await ledgerJourneys(up.client);
    expect(differences(truth, ledger)).toEqual([]);
    const stock = new Map((await up.client.stock()).filter((row) => row.quantity !== 0).map((row) => [row.gtin, row.quantity]));
    expect(stock).toEqual(stockOf(truth));
    expect(up.erp.sent.length).toBe(DELIVERIES);
    await checkInvoices(up);
  });
});
