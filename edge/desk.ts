import type { ExpectCommand } from '../protocol/command.ts';
import { type Identity, identityOf } from '../protocol/epc/identity.ts';
import { Fault } from '../protocol/fault.ts';
import type { DocumentRef } from '../protocol/record.ts';
import type { DoorSign, NodeSign } from './broker/broker.ts';
import type { Counting } from './counting.ts';
import { lampOf } from './lamp.ts';
import type { Outbox, OutboxHealth } from './outbox/outbox.ts';
import {
  CONTENTS_SHOWN,
  type CountStep,
  DOUBTS_SHOWN,
  type DocumentChoice,
  PASSAGES_SHOWN,
  type PanelContent,
  type PanelDisk,
  type PanelDoor,
  type PanelDoubt,
  type PanelModel,
  type PanelPassage,
  type PanelState,
  type Verdict,
} from './panel/model.ts';
import type { LivePassage } from './passage/tracker.ts';
import type { ReaderHealth } from './readers/reader.ts';
import type { DoorSettings, Settings } from './settings.ts';
import type { UplinkState } from './uplink/uplink.ts';

export interface DeskOptions {
  readonly settings: Settings;
  readonly outbox: Outbox;
  readonly live: (door: string) => LivePassage | undefined;
  readonly readers: () => readonly ReaderHealth[];
  readonly link: () => UplinkState;
  /** Passages that wait in memory for the disk. */
  readonly held?: () => number;
  /** Whether something stands in the beam of a door's photo-eye; undefined where it has none. */
  readonly eye?: (door: string) => boolean | null | undefined;
  /** Of the node's key. */
  readonly fingerprint: () => string;
  /** Counts of zones, at a node that has zones. */
  readonly counting?: Pick<Counting, 'zones' | 'shown' | 'step'>;
}

/** What a person at the dock sees and decides: the state of all parts in one, for the panel. */
export class Desk implements PanelModel {
  readonly #options: DeskOptions;
  readonly #listeners = new Set<() => void>();

  constructor(options: DeskOptions) {
    this.#options = options;
    options.outbox.subscribe(() => this.changed());
  }

  /** Something in the state changed. */
  changed(): void {
    for (const listener of this.#listeners) listener();
  }

  subscribe(changed: () => void): () => void {
    this.#listeners.add(changed);
    return () => this.#listeners.delete(changed);
  }

  snapshot(): PanelState {
    const { settings, outbox, readers, link } = this.#options;
    const { state, since, lastAcknowledged, refusal, hubOffsetMs } = link();
    const expectations = outbox.expectations();
    const names = namesOf(expectations);
    return {
      site: settings.site,
      node: settings.node,
      fingerprint: this.#options.fingerprint(),
      timeZone: settings.timeZone,
      doors: settings.doors.map((door) => this.#door(door, expectations, names)),
      passages: outbox.passages(PASSAGES_SHOWN).map(
        ({ in: moved, out, strays, undecided, confidence, ...passage }): PanelPassage => ({
          ...passage,
          confidence: confidence / 1000,
          counts: { in: moved, out, stray: strays, undecided },
        }),
      ),
      doubts: outbox.doubts(DOUBTS_SHOWN).map(({ passage, door, closed, epc, reason, reads }): PanelDoubt => {
        const item = identityOf(epc);
        return { passage, door, at: closed, epc, reason, reads, ...('gtin' in item ? itemFields(item, names) : {}) };
      }),
      doubtsTotal: outbox.doubtsTotal(),
      queued: outbox.queued(),
      link: { state, since, lastAcknowledged, refusal, hubOffsetMs },
      disk: this.#disk(),
      readers: readers(),
      expectations: expectations.map(({ kind, number, partner, direction, lines }) => ({
        kind,
        number,
        partner,
        direction,
        quantity: lines.reduce((sum, line) => sum + line.quantity, 0),
      })),
      zones: this.#options.counting?.zones() ?? [],
      count: this.#options.counting?.shown() ?? null,
    };
  }

  /** The doors as stack lights and displays show them. */
  signs(): Map<string, DoorSign> {
    const { settings, outbox } = this.#options;
    const undecided = outbox.doubtsByDoor();
    const expectations = outbox.expectations();
    const written = this.sign().light !== 'red';
    const signs = settings.doors.map((one): [string, DoorSign] => {
      const door = this.#door(one, expectations, new Map());
      const { id, state, direction, inDoor, document, eye } = door;
      const waiting = undecided.get(id) ?? 0;
      const light = lampOf(door, waiting, written);
      const sign = { state, direction, items: inDoor, document: document?.number ?? null, undecided: waiting, light };
      return [id, eye === undefined ? sign : { ...sign, eye }];
    });
    return new Map(signs);
  }

  /** The node itself, as stack lights and displays show it. */
  sign(): NodeSign {
    const disk = this.#disk().map(({ kind }) => kind);
    const light = disk.some((kind) => STOPPED.includes(kind)) ? 'red' : disk.length > 0 ? 'amber' : 'green';
    return { light, disk, held: this.#held() };
  }

  #held(): number {
    return this.#options.held?.() ?? 0;
  }

  #disk(): PanelDisk[] {
    return diskOf(this.#options.outbox.health(), this.#held());
  }

  async decide(passage: string, epcs: readonly string[], verdict: Verdict, by: string, reason?: string): Promise<{ decided: number }> {
    const { decided } = await this.#options.outbox.decide({ passage, epcs, verdict, by, ...(reason === undefined ? {} : { reason }) });
    return { decided };
  }

  async chooseDocument(door: string, choice: DocumentChoice | null): Promise<void> {
    if (!this.#options.settings.doors.some((one) => one.id === door)) {
      throw new Fault('DOOR_UNKNOWN', `this node has no door ${door}: reload the page`);
    }
    await this.#options.outbox.chooseDocument(door, choice);
  }

  async stepCount(step: CountStep): Promise<void> {
    const { counting } = this.#options;
    if (counting === undefined) throw new Fault('ZONE_UNKNOWN', 'this node has no zones: name them in its settings');
    await counting.step(step);
  }

  #door(door: DoorSettings, expectations: readonly ExpectCommand[], names: ReadonlyMap<string, string>): PanelDoor {
    const { outbox, readers, live } = this.#options;
    const open = live(door.id);
    const seen = (open?.epcs ?? []).map(identityOf);
    const ssccs = seen.flatMap((identity) => ('sscc' in identity ? [identity.sscc] : []));
    const document = outbox.doorDocument(door.id) ?? outbox.recognise(ssccs.sort()) ?? null;
    const counts = countByGtin(seen);
    const contents = [...counts].map(([gtin, count]): PanelContent => ({ gtin, count, ...nameOf(gtin, names) }));
    const expected = this.#expected(document, expectations, counts);
    const eye = this.#options.eye?.(door.id);
    const sees = readers().some((reader) => reader.state === 'reading' && door.antennas.some((antenna) => antenna.reader === reader.id));
    return {
      id: door.id,
      name: door.name,
      state: open !== undefined ? 'occupied' : sees ? 'free' : 'blind',
      direction: open?.direction ?? 'unknown',
      ...(open === undefined ? {} : { since: open.opened }),
      ...(eye === undefined ? {} : { eye }),
      inDoor: seen.length - ssccs.length,
      contents: contents.sort((a, b) => b.count - a.count).slice(0, CONTENTS_SHOWN),
      antennas: door.antennas,
      document,
      ...(expected === undefined ? {} : { expected }),
    };
  }

  #expected(
    document: DocumentRef | null,
    expectations: readonly ExpectCommand[],
    inDoor: ReadonlyMap<string | null, number>,
  ): PanelDoor['expected'] {
    const due = expectations.find((one) => one.kind === document?.kind && one.number === document.number);
    if (due === undefined) return undefined;
    const moved = this.#options.outbox.accepted(due.kind, due.number);
    const lines = due.lines.map(({ gtin, quantity, name }) => ({
      gtin,
      ...(name === undefined ? {} : { name }),
      expected: quantity,
      moved: moved.get(gtin) ?? 0,
      inDoor: inDoor.get(gtin) ?? 0,
    }));
    return { partner: due.partner, direction: due.direction, lines };
  }
}

/** In these the node writes nothing down, or is about to stop: the lamp is red. */
const STOPPED: readonly PanelDisk['kind'][] = ['failing', 'full', 'limit', 'reserve', 'critical'];

function diskOf({ fault, space, reserve, notices }: OutboxHealth, held: number): PanelDisk[] {
  const { items, bytes, limitItems, limitBytes, level } = space;
  const percent = Math.round(100 * Math.max(items / limitItems, bytes / limitBytes));
  const waiting = held > 0 ? { held } : {};
  const out: PanelDisk[] = [];
  if (fault !== undefined)
    out.push({ kind: fault.code !== 'OUTBOX_FULL' ? 'failing' : fault.limit === true ? 'limit' : 'full', ...waiting });
  else if (reserve === 'released') out.push({ kind: 'reserve', ...waiting });
  else if (level !== 'ok') out.push({ kind: level === 'full' ? 'limit' : level, percent, ...waiting });
  for (const { kind, saved, lost } of notices) {
    // One banner a kind: the newest says it.
    const at = out.findIndex((one) => one.kind === kind);
    if (at >= 0) out.splice(at, 1);
    out.push({ kind, ...(kind === 'damaged' && saved !== null ? { saved } : {}), ...(lost === null ? {} : { lost }) });
  }
  return out;
}

function namesOf(expectations: readonly ExpectCommand[]): Map<string, string> {
  const names = new Map<string, string>();
  for (const { lines } of expectations) for (const { gtin, name } of lines) if (name !== undefined) names.set(gtin, name);
  return names;
}

function nameOf(gtin: string | null, names: ReadonlyMap<string, string>): { name?: string } {
  const name = gtin === null ? undefined : names.get(gtin);
  return name === undefined ? {} : { name };
}

function itemFields(item: Extract<Identity, { gtin: string }>, names: ReadonlyMap<string, string>): Partial<PanelDoubt> {
  return { gtin: item.gtin, serial: item.serial, ...nameOf(item.gtin, names) };
}

/** Items by GTIN; null counts the tags that are no GS1 item. Logistic units are no items. */
function countByGtin(seen: readonly Identity[]): Map<string | null, number> {
  const counts = new Map<string | null, number>();
  for (const identity of seen) {
    if ('sscc' in identity) continue;
    const gtin = 'gtin' in identity ? identity.gtin : null;
    counts.set(gtin, (counts.get(gtin) ?? 0) + 1);
  }
  return counts;
}
