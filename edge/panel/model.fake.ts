import { Fault } from '../../protocol/fault.ts';
import type { CountStep, DocumentChoice, PanelCount, PanelDoor, PanelDoubt, PanelModel, PanelState, PanelZone, Verdict } from './model.ts';

/** A decision as it reached the model. */
export interface Decided {
  readonly passage: string;
  readonly epcs: readonly string[];
  readonly verdict: Verdict;
  readonly by: string;
  readonly reason?: string;
}

const OPENED = Date.UTC(2026, 10, 24, 9, 41, 7);

const doubt = (n: number, more: Partial<PanelDoubt>): PanelDoubt => ({
  passage: 'D1-mb2k1',
  door: 'D1',
  at: OPENED,
  epc: `30340BF2C87A1B400000${(0x3e9 + n).toString(16).toUpperCase().padStart(4, '0')}`,
  gtin: '03012345678900',
  serial: 1001 + n,
  name: 'Café moulu 250 g',
  reason: 'few-reads',
  reads: 3 + n,
  ...more,
});

/** A node with two doors, three undecided items in two passages, and a reader whose antenna 4 has come loose. */
export function sampleState(): PanelState {
  const doors: PanelDoor[] = [
    {
      id: 'D1',
      name: 'Quai 1',
      state: 'occupied',
      direction: 'out',
      since: OPENED + 60_000,
      inDoor: 46,
      contents: [
        { gtin: '03012345678900', name: 'Café moulu 250 g', count: 24 },
        { gtin: '03012345678917', name: 'Thé vert bio 100 g', count: 22 },
      ],
      antennas: [
        { reader: 'r1', port: 1, side: 'outside' },
        { reader: 'r1', port: 2, side: 'inside' },
      ],
      document: { kind: 'despatchAdvice', number: 'DA-2041', how: 'sscc' },
      expected: {
        partner: 'Épicerie Lenoir',
        direction: 'out',
        lines: [
          { gtin: '03012345678900', name: 'Café moulu 250 g', expected: 24, moved: 0, inDoor: 24 },
          { gtin: '03012345678917', name: 'Thé vert bio 100 g', expected: 24, moved: 0, inDoor: 22 },
        ],
      },
    },
    {
      id: 'D2',
      name: 'Quai 2',
      state: 'free',
      direction: 'unknown',
      inDoor: 0,
      contents: [],
      antennas: [
        { reader: 'r1', port: 3, side: 'outside' },
        { reader: 'r1', port: 4, side: 'inside' },
      ],
      document: null,
    },
  ];
  return {
    site: 'LYON',
    node: 'dock-1',
    fingerprint: '5661 4209',
    timeZone: 'Europe/Paris',
    doors,
    passages: [
      {
        passage: 'D2-mb2k9',
        door: 'D2',
        opened: OPENED + 20_000,
        closed: OPENED + 26_000,
        direction: 'in',
        confidence: 0.99,
        document: { kind: 'order', number: 'PO-118', how: 'chosen' },
        counts: { in: 60, out: 0, stray: 1, undecided: 1 },
      },
      {
        passage: 'D1-mb2k1',
        door: 'D1',
        opened: OPENED - 6_000,
        closed: OPENED,
        direction: 'out',
        confidence: 0.97,
        document: { kind: 'despatchAdvice', number: 'DA-2040', how: 'sscc' },
        counts: { in: 0, out: 46, stray: 3, undecided: 2 },
      },
    ],
    doubts: [
      doubt(0, {}),
      doubt(1, { reason: 'weak-motion' }),
      doubt(7, {
        passage: 'D2-mb2k9',
        door: 'D2',
        at: OPENED + 26_000,
        gtin: '03012345678917',
        name: 'Thé vert bio 100 g',
        reason: 'direction',
      }),
    ],
    doubtsTotal: 3,
    queued: 2,
    link: {
      state: 'online',
      since: OPENED - 3_600_000,
      lastAcknowledged: { seq: 1841, at: OPENED + 25_000 },
      refusal: null,
      hubOffsetMs: 12,
    },
    disk: [],
    readers: [
      {
        id: 'r1',
        model: 'ThingMagic M6e',
        state: 'reading',
        link: '/dev/rfid/dock-1',
        since: OPENED - 3_600_000,
        readsPerSecond: 412.4,
        antennas: [
          { port: 1, connected: true, reads: 80_212 },
          { port: 2, connected: true, reads: 77_804 },
          { port: 3, connected: true, reads: 69_120 },
          { port: 4, connected: false, reads: 0 },
        ],
      },
    ],
    expectations: [
      { kind: 'despatchAdvice', number: 'DA-2041', partner: 'Épicerie Lenoir', direction: 'out', quantity: 48 },
      { kind: 'despatchAdvice', number: 'DA-2042', partner: 'Maison Verdier', direction: 'out', quantity: 120 },
      { kind: 'order', number: 'PO-118', partner: 'Torréfaction du Rhône', direction: 'in', quantity: 60 },
    ],
    zones: [],
    count: null,
  };
}

/** Zones of a node that counts: one with a list of the day, one without, and the whole site. */
export const ZONES: readonly PanelZone[] = [
  { id: 'A', name: 'Allée A', listedAt: OPENED - 3_600_000, reading: true },
  { id: 'B', name: 'Mezzanine', listedAt: null, reading: false },
  { id: '*', name: '', listedAt: OPENED - 90_000_000, reading: true },
];

/** A count whose first pass has ended, or that reads. */
export function sampleCount(more: Partial<PanelCount> = {}): PanelCount {
  return {
    ...{ count: 'c1', zone: 'A', name: 'Allée A', phase: 'review', pass: 1, passes: 1, silent: false },
    ...{ opened: OPENED, expectedAt: OPENED - 3_600_000 },
    ...{ expected: 240, read: 238, missing: 5, unexpected: 3, raw: 1, ssccs: 4, full: false, reading: true },
    articles: [
      {
        ...{ gtin: '03012345678900', name: 'Café moulu 250 g', expected: 120, read: 118, missing: 4, unexpected: 2 },
        serials: { missing: [17, 23, 1042, 1043], unexpected: [90_001, 90_007] },
      },
      {
        ...{ gtin: '03012345678917', name: 'Thé vert bio 100 g', expected: 80, read: 79, missing: 1, unexpected: 0 },
        serials: { missing: [5], unexpected: [] },
      },
      { gtin: null, expected: 0, read: 1, missing: 0, unexpected: 1 },
      { gtin: '03012345678924', expected: 40, read: 40, missing: 0, unexpected: 0 },
    ],
    ...more,
  };
}

/** The node behind the panel, in memory: keeps what reached it and refuses as the real one does. */
export class FakeModel implements PanelModel {
  state = sampleState();
  readonly decided: Decided[] = [];
  readonly chosen: { readonly door: string; readonly choice: DocumentChoice | null }[] = [];
  readonly steps: CountStep[] = [];
  readonly #listeners = new Set<() => void>();

  get watchers(): number {
    return this.#listeners.size;
  }

  snapshot(): PanelState {
    return this.state;
  }

  subscribe(changed: () => void): () => void {
    this.#listeners.add(changed);
    return () => this.#listeners.delete(changed);
  }

  change(next: Partial<PanelState>): void {
    this.state = { ...this.state, ...next };
    for (const listener of this.#listeners) listener();
  }

  async decide(passage: string, epcs: readonly string[], verdict: Verdict, by: string, reason?: string): Promise<{ decided: number }> {
    const mine = this.state.doubts.filter((one) => one.passage === passage && epcs.includes(one.epc));
    if (mine.length !== epcs.length)
      throw new Fault('DOUBT_UNKNOWN', `passage ${passage} has no such undecided item: look at the list again`);
    this.decided.push({ passage, epcs, verdict, by, ...(reason !== undefined && { reason }) });
    this.change({
      doubts: this.state.doubts.filter((one) => !mine.includes(one)),
      doubtsTotal: this.state.doubtsTotal - mine.length,
    });
    return { decided: mine.length };
  }

  async chooseDocument(door: string, choice: DocumentChoice | null): Promise<void> {
    if (!this.state.doors.some(({ id }) => id === door)) throw new Fault('DOOR_UNKNOWN', `door ${door} is not in the settings`);
    const known = this.state.expectations.some((one) => one.kind === choice?.kind && one.number === choice.number);
    if (choice !== null && !known) throw new Fault('DOCUMENT_UNKNOWN', `${choice.number} is not due at this site`);
    this.chosen.push({ door, choice });
    const document = choice === null ? null : { ...choice, how: 'chosen' as const };
    this.change({ doors: this.state.doors.map((one) => (one.id === door ? { ...one, document } : one)) });
  }

  async stepCount(step: CountStep): Promise<void> {
    const { count } = this.state;
    if (step.do !== 'begin' && step.count !== count?.count) throw new Fault('COUNT_GONE', `count ${step.count} is not open any more`);
    if (step.do === 'begin' && count !== null) throw new Fault('COUNT_OPEN', `zone ${count.zone} is being counted`);
    this.steps.push(step);
    if (step.do === 'begin') {
      const [of] = this.state.zones.filter(({ id }) => id === step.zone);
      const list = of?.listedAt ?? null;
      const sums = { read: 0, missing: list === null ? 0 : 240, unexpected: 0, raw: 0, ssccs: 0, expected: list === null ? 0 : 240 };
      this.change({
        count: sampleCount({ zone: step.zone, name: of?.name ?? '', phase: 'reading', expectedAt: list, ...sums, articles: [] }),
      });
    } else if (step.do === 'end') this.change({ count: sampleCount({ pass: count?.pass ?? 1, passes: count?.pass ?? 1 }) });
    else if (step.do === 'again') this.change({ count: sampleCount({ phase: 'reading', pass: (count?.pass ?? 1) + 1 }) });
    else this.change({ count: null });
  }
}
