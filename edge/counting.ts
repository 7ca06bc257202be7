import { randomBytes } from 'node:crypto';
import type { NodeStatus } from '../protocol/command.ts';
import { Fault } from '../protocol/fault.ts';
import type { Read } from '../protocol/read.ts';
import { type NodeClock, WHOLE_SITE } from '../protocol/record.ts';
import { Count } from './count/count.ts';
import { countBodies } from './count/record.ts';
import { faultFields, type Log } from './log.ts';
import type { Outbox } from './outbox/outbox.ts';
import { ARTICLES_SHOWN, type CountStep, type PanelCount, type PanelZone, SERIALS_SHOWN } from './panel/model.ts';
import type { ReaderHealth } from './readers/reader.ts';
import { type Settings, type ZoneSettings, zoneAntennas } from './settings.ts';

export interface CountingOptions {
  readonly settings: Pick<Settings, 'readers' | 'doors' | 'zones'>;
  readonly outbox: Pick<Outbox, 'counts' | 'queued'>;
  readonly clock: () => NodeClock;
  readonly readers: () => readonly ReaderHealth[];
  readonly log: Log;
  /** Something of what is shown changed. */
  readonly changed: () => void;
  /** The node has another question for the hub. */
  readonly asked: () => void;
}

/** A list older than this is asked for anew when nobody counts, so that a node that loses its link has one of the day. */
const LIST_AGE_MS = 86_400_000;
/** A question without an answer is asked again: the hub may have been rebuilt, or the zone too large for a list until then. */
const ASK_AGAIN_MS = 600_000;
/** A reader hands on what it read up to a cycle before: for so long after the begin, what is dated before it was read elsewhere. */
const SETTLE_MS = 2_000;
/** New tags go to disk this often: a crash costs the last second, as at the doors, and a pass of an hour some 3,600 commits at most. */
const KEEP_MS = 1_000;

/** The counts of a node: gives the open one its reads, keeps it on disk, asks the hub for what stands in the zones. */
export class Counting {
  readonly #options: CountingOptions;
  readonly #covers = new Map<string, ReadonlySet<string>>();
  #count: Count | undefined;
  /** Tags that the disk does not have yet. */
  #unkept: string[] = [];
  #keeping = false;
  /** The open count is being approved or discarded. */
  #ending = false;
  #keptAt = Number.NEGATIVE_INFINITY;
  /** When the open count was begun, by the process's own clock. */
  #begunAt = Number.NEGATIVE_INFINITY;
  #wish: NodeStatus['wants'];
  /** Zones that were counted since their list was made. */
  readonly #stale = new Set<string>();

  constructor(options: CountingOptions) {
    this.#options = options;
    for (const zone of [...options.settings.zones, { id: WHOLE_SITE, name: '' }]) {
      const antennas = zone.id === WHOLE_SITE ? options.settings.zones.flatMap((one) => this.#antennas(one)) : this.#antennas(zone);
      this.#covers.set(zone.id, new Set(antennas.map(({ reader, port }) => `${reader} ${port}`)));
    }
    const kept = options.outbox.counts.open();
    if (kept === undefined) return;
    const { head, epcs } = kept;
    this.#count = Count.resume(head, epcs, head.expected === null ? undefined : options.outbox.counts.list(head.zone, head.expected));
    options.log('count.resumed', { count: head.count, zone: head.zone, tags: epcs.length });
  }

  #antennas(zone: ZoneSettings) {
    return zoneAntennas(this.#options.settings, zone);
  }

  /** Takes what a reader read. */
  push(reader: string, reads: readonly Read[]): void {
    const count = this.#count;
    if (count === undefined || count.head.phase !== 'reading') return;
    const covers = this.#covers.get(count.head.zone);
    const own = reads.filter(({ antenna }) => covers?.has(`${reader} ${antenna}`) === true);
    // Not for longer: a clock that is set back must not make a reader blind.
    const settling = performance.now() - this.#begunAt < SETTLE_MS;
    const since = settling ? count.head.opened.wall : Number.NEGATIVE_INFINITY;
    const before = count.head;
    const fresh = count.see(own.filter(({ at }) => at >= since).map(({ epc }) => epc));
    if (fresh.length === 0 && count.head === before) return;
    this.#unkept.push(...fresh);
    this.#keep();
    this.#options.changed();
  }

  /** Once a second or so: what the disk refused is tried again, and the hub is asked for what is missing. */
  tick(): void {
    if (this.#unkept.length > 0) this.#keep();
    const { wall } = this.#options.clock();
    if (this.#wish !== undefined && wall - this.#wish.asked < ASK_AGAIN_MS) return;
    this.#ask(this.#wish !== undefined && this.#wish.zone === this.#count?.head.zone ? this.#wish.zone : this.#oldest(wall), wall);
  }

  /** The zone whose list is missing, too old or overtaken by a count that the hub has; the one that was just asked for in vain comes last. */
  #oldest(wall: number): string | undefined {
    const { outbox } = this.#options;
    const { counts } = outbox;
    const isStale = (id: string): boolean => this.#stale.has(id) && outbox.queued() === 0;
    const zones = this.#options.settings.zones.map(({ id }) => id);
    const after = this.#wish === undefined ? 0 : zones.indexOf(this.#wish.zone) + 1;
    return [...zones.slice(after), ...zones.slice(0, after)].find((id) => isStale(id) || (counts.listedAt(id) ?? 0) < wall - LIST_AGE_MS);
  }

  #ask(zone: string | undefined, asked: number): void {
    const before = this.#wish;
    this.#wish = zone === undefined ? undefined : { zone, asked };
    if (this.#wish !== undefined || before !== undefined) this.#options.asked();
  }

  /** A list was stored: the count that waits for it goes by it, and the next question may follow. */
  listed(zone: string): void {
    const { counts } = this.#options.outbox;
    const at = counts.listedAt(zone);
    if (at === undefined) return;
    this.#stale.delete(zone);
    const count = this.#count;
    const list = count?.head.zone === zone && at !== count.head.expected ? counts.list(zone) : undefined;
    if (count !== undefined && list !== undefined && count.expect(list)) this.#keep(true);
    if (this.#wish?.zone === zone) this.#ask(this.#oldest(this.#options.clock().wall), this.#options.clock().wall);
    this.#options.changed();
  }

  #keep(now = false): void {
    const count = this.#count;
    // Behind its end on disk it would stand there again, and its tags would be those of the next count.
    if (this.#ending) return;
    if (count === undefined || (this.#keeping && !now) || (!now && performance.now() - this.#keptAt < KEEP_MS)) return;
    const epcs = this.#unkept;
    this.#unkept = [];
    this.#keeping = true;
    this.#keptAt = performance.now();
    this.#options.outbox.counts.keep(count.head, epcs).then(
      () => {
        this.#keeping = false;
      },
      (error: unknown) => {
        this.#keeping = false;
        // They stay in memory and in the record; only a crash before the next try would lose them.
        if (this.#count === count) this.#unkept = [...epcs, ...this.#unkept];
        this.#options.log('count.unkept', faultFields(error));
      },
    );
  }

  /** Keeps what the disk does not have yet: before the outbox closes. */
  async stop(): Promise<void> {
    if (this.#count === undefined || this.#unkept.length === 0) return;
    await this.#options.outbox.counts.keep(this.#count.head, this.#unkept.splice(0));
  }

  /** See PanelModel.stepCount. */
  async step(step: CountStep): Promise<void> {
    if (step.do === 'begin') return this.#begin(step.zone);
    const count = this.#count;
    // Two screens that approve at once must not hand the count over twice.
    if (count === undefined || count.head.count !== step.count || this.#ending)
      throw new Fault('COUNT_GONE', `count ${step.count} is not open any more: look at the page again`);
    if (step.do === 'approve') return this.#approve(count, step.by);
    if (step.do === 'discard') return this.#end(count, () => this.#options.outbox.counts.discard());
    if (step.do === 'end') count.endPass(this.#options.clock().wall);
    else count.again();
    const epcs = this.#unkept.splice(0);
    try {
      await this.#options.outbox.counts.keep(count.head, epcs);
    } catch (error) {
      if (this.#count === count) this.#unkept = [...epcs, ...this.#unkept];
      throw error;
    } finally {
      this.#options.changed();
    }
  }

  async #begin(zone: string): Promise<void> {
    const { outbox, settings, clock, log } = this.#options;
    if (this.#count !== undefined)
      throw new Fault('COUNT_OPEN', `zone ${this.#count.head.zone} is being counted: approve or discard that count first`);
    const found = settings.zones.find(({ id }) => id === zone);
    if (found === undefined && (zone !== WHOLE_SITE || settings.zones.length === 0))
      throw new Fault('ZONE_UNKNOWN', `this node has no zone ${zone}: reload the page`);
    const now = clock();
    const name = `${now.wall.toString(36)}-${randomBytes(6).toString('hex')}`;
    const count = Count.begin({ count: name, zone, name: found?.name ?? zone }, now, outbox.counts.list(zone));
    this.#count = count;
    this.#begunAt = performance.now();
    this.#unkept = [];
    try {
      await outbox.counts.keep(count.head, []);
    } catch (error) {
      this.#count = undefined;
      throw error;
    }
    log('count.begun', { count: name, zone, expected: count.sums().expected, listed: count.head.expected ?? 'never' });
    this.#ask(zone, now.wall);
    this.#options.changed();
  }

  async #approve(count: Count, by: string): Promise<void> {
    const { settings } = this.#options;
    if (count.head.phase !== 'review') throw new Fault('COUNT_READING', 'the pass still reads: end it before you approve the count');
    const bodies = countBodies(count, by, this.#options.clock());
    const sums = count.sums();
    await this.#end(count, async () => {
      for (const { id } of settings.zones) if (count.head.zone === id || count.head.zone === WHOLE_SITE) this.#stale.add(id);
      const { epoch, seq } = await this.#options.outbox.counts.approve(bodies, sums.read + sums.missing);
      this.#options.log('count.approved', { count: count.head.count, zone: count.head.zone, parts: bodies.length, epoch, seq });
    });
  }

  /** Ends the count once its end is on disk; it stays open where that fails. */
  async #end(count: Count, work: () => Promise<unknown>): Promise<void> {
    this.#ending = true;
    try {
      await work();
      if (this.#count === count) this.#count = undefined;
      this.#unkept = [];
    } finally {
      this.#ending = false;
    }
    this.#options.changed();
  }

  /** What the node asks the hub in its status. */
  wants(): NodeStatus['wants'] {
    return this.#wish;
  }

  /** The zones for the panel: none without settings, else also the whole site. */
  zones(): PanelZone[] {
    const { settings, outbox } = this.#options;
    if (settings.zones.length === 0) return [];
    return [...settings.zones, { id: WHOLE_SITE, name: '' }].map(({ id, name }) => ({
      ...{ id, name, listedAt: outbox.counts.listedAt(id) ?? null, reading: this.#reads(id) },
    }));
  }

  #reads(zone: string): boolean {
    const covers = [...(this.#covers.get(zone) ?? [])].map((antenna) => antenna.split(' ')[0]);
    return this.#options.readers().some(({ id, state }) => state === 'reading' && covers.includes(id));
  }

  /** The open count for the panel. */
  shown(): PanelCount | null {
    const count = this.#count;
    if (count === undefined) return null;
    const { count: id, zone, name, phase, pass, silent, opened, expected: expectedAt } = count.head;
    const withSerials = phase === 'review' || pass > 1;
    const articles = count.articles(ARTICLES_SHOWN).map((article) => {
      const differs = article.missing + article.unexpected > 0;
      if (!withSerials || !differs || article.gtin === null) return article;
      return { ...article, serials: count.serials(article.gtin, SERIALS_SHOWN) };
    });
    const head = { count: id, zone, name, phase, pass, passes: count.passes, silent, opened: opened.wall, expectedAt };
    return { ...head, ...count.sums(), reading: this.#reads(zone), articles };
  }
}
