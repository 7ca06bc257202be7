import { Intake } from '../../edge/outbox/intake.ts';
import type { ClosedPassage } from '../../edge/passage/tracker.ts';
import { encodeSgtin96 } from '../../protocol/epc.ts';
import { writeUbl } from '../erp/ubl.ts';
import { type Measure, percentile, round } from './measure.ts';
import { COMPANY, clock, openHub, until } from './setup.ts';

const SAMPLES = 300;
const WARM = 20;
const ITEMS = 50;
const GTIN = '03400930000014';
/** Before each passage: one pallet is over before the next comes. At 60 ms the figures were the same within their noise. */
const PAUSE_MS = 150;
const CUSTOMER = { name: 'Client SARL', vat: 'FR83404833048', siren: '404833048', city: 'Lyon', prefix: '0340095' };

/**
 * path.latency: from a passage that has closed at the node to the invoice's new status on the hub's stream: outbox with a synced
 * commit, signature, MQTT, gateway, ledger with matching, server-sent event. One invoice of 50 items for each passage.
 */
export async function run(): Promise<Measure[]> {
  const hub = await openHub();
  const uplink = hub.uplink();
  const following = new AbortController();
  try {
    const { client, outbox } = hub;
    await client.call('PUT', `/v1/items/${GTIN}`, { name: 'Article' });
    const waiting = new Map<string, (at: number) => void>();
    const follow = async (): Promise<void> => {
      let last = -1;
      while (!following.signal.aborted) {
        last = await client.follow(last, following.signal, ({ data }) => {
          const at = performance.now();
          for (const document of data.effects?.documents ?? []) if (document.status === 'MATCHED') waiting.get(document.number)?.(at);
        });
      }
    };
    const stream = follow();
    uplink.start();
    await until(() => uplink.state().state === 'online', 'the uplink comes online');
    const intake = new Intake({ outbox, clock, log: () => undefined });
    const times: number[] = [];
    for (let n = 0; n < WARM + SAMPLES; n++) {
      await client.call('POST', '/v1/documents', invoice(n), 'application/xml');
      await outbox.expect({
        ...{ v: 1, id: `e${n}`, type: 'expect', direction: 'out' },
        kind: 'despatchAdvice',
        number: despatch(n),
        partner: CUSTOMER.name,
        ssccs: [],
        lines: [],
      });
      await outbox.chooseDocument('D1', { kind: 'despatchAdvice', number: despatch(n) });
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      const seen = new Promise<number>((resolve) => waiting.set(number(n), resolve));
      const from = performance.now();
      void intake.take(passage(n));
      times.push((await seen) - from);
    }
    const entries = await client.size();
    following.abort();
    await stream;
    const measured = times.slice(WARM);
    const params = { samples: SAMPLES, items: ITEMS, pauseMs: PAUSE_MS, entriesInLedgerAtEnd: entries, max: round(Math.max(...measured)) };
    return [
      { name: 'path.latency.p50', value: round(percentile(measured, 0.5)), unit: 'ms', params },
      { name: 'path.latency.p99', value: round(percentile(measured, 0.99)), unit: 'ms', params },
    ];
  } finally {
    following.abort();
    await uplink.stop();
    await hub.close();
  }
}

const number = (n: number): string => `FA-${n}`;
/** The door's document while passage n crosses, and the invoice's reference. */
const despatch = (n: number): string => `BL-${n}`;

function passage(n: number): ClosedPassage {
  const moved = Array.from({ length: ITEMS }, (_, i) => encodeSgtin96(GTIN, n * ITEMS + i + 1, 7));
  const now = Date.now();
  return {
    passage: `D1-${n}`,
    door: 'D1',
    opened: now - 3000,
    closed: now,
    direction: 'out',
    confidence: 0.99,
    moved,
    doubts: [],
    strays: [],
    ssccs: [],
  };
}

function invoice(n: number): string {
  const seller = { ...COMPANY, city: 'Paris', prefix: '0340093' };
  const day = new Date().toISOString().slice(0, 10);
  return writeUbl({
    ...{ number: number(n), issueDate: day, dueDate: day, seller, buyer: CUSTOMER, despatch: despatch(n) },
    lines: [{ id: '1', gtin: GTIN, name: 'Article', quantity: ITEMS, price: '10.00' }],
  });
}
