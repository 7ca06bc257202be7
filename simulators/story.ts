import type { DocumentView, Effects, StreamEvent } from './erp/hub.ts';
import type { Paperwork } from './erp/paperwork.ts';
import type { EdgeEvent } from './stack/edge.ts';
import { SITE, type Stack } from './stack/stack.ts';
import type { Intention } from './warehouse/delivery.ts';

/** What an intention means, for whoever watches. */
const PURPOSE: Readonly<Record<Intention, string>> = {
  clean: '',
  resent: 'the invoice is sent twice, unchanged: the hub keeps one',
  duplicate: 'a second invoice comes under the same number with another quantity: the hub refuses it',
  missing: 'pieces that are advised and billed were never loaded',
  dead: 'the tag of a piece is dead: it crosses, and nobody can see it',
  extra: 'more pieces are on the pallets than the papers say',
  overbilled: 'the invoice bills more than was loaded',
  underbilled: 'the invoice bills less than was loaded',
  unshipped: 'the invoice bills a line that was never loaded',
  price: 'the invoice has a price that was not agreed',
};

/** A document stands still when the hub has taken all that the edge knows: a second on an idle machine. */
const SETTLE_MS = 15_000;
const POLL_MS = 150;
/** Undecided items are mentioned again this often while nobody decides. */
const REMIND_MS = 60_000;
/** Before the first pallet the doors learn what stands beside them. */
const QUIET_MS = 3_000;
/** A record that was committed at the edge is settled at the hub within this; what is short then waits for a person. */
const COMMIT_MS = 1_500;
/** Between two deliveries, so that a person can follow. */
const PAUSE_MS = 4_000;

const plural = (count: number, one: string): string => `${count} ${one}${count === 1 ? '' : 's'}`;
const door = (id: string): string => `Quai ${id.replace(/^\D+/, '')}`;

/** Plays deliveries for ever at a humane pace and tells in plain words what crosses and what becomes of each invoice. */
export class Story {
  readonly #stack: Stack;
  readonly #say: (line: string) => void;
  readonly #papers = new Map<string, Paperwork>();
  /** Invoices told of, by their id: what was said last. */
  readonly #told = new Map<string, string>();
  #reminded = 0;

  constructor(stack: Stack, say: (line: string) => void) {
    this.#stack = stack;
    this.#say = say;
  }

  /** Resolves when `signal` aborts, wherever the pallets are. */
  async run(signal: AbortSignal): Promise<void> {
    const off = this.#stack.onEdge((event) => this.#passage(event));
    const over = new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      else signal.addEventListener('abort', () => resolve());
    });
    const following = this.#follow(signal);
    await Promise.race([over, this.#deliveries(signal)]);
    off();
    await following;
  }

  async #deliveries(signal: AbortSignal): Promise<void> {
    await pause(QUIET_MS, signal);
    while (!signal.aborted) {
      try {
        await this.#delivery(signal);
        await this.#remind();
      } catch (error) {
        // While files change (npm run dev), hub and edge come and go.
        if (!signal.aborted) this.#say(`         this delivery's story breaks off: ${(error as Error).message}`);
      }
      await pause(PAUSE_MS, signal);
    }
  }

  async #delivery(signal: AbortSignal): Promise<void> {
    const { erp, warehouse, options } = this.#stack;
    const delivery = this.#stack.nextDelivery();
    const papers = erp.prepare(delivery);
    const pieces = delivery.advised.reduce((sum, line) => sum + line.quantity, 0);
    const what = delivery.direction === 'in' ? 'from' : 'for';
    await erp.announce(papers);
    this.#say('');
    this.#say(
      `${delivery.despatch}  ${plural(delivery.pallets.length, 'pallet')} ${what} ${delivery.partner.name}, ${plural(pieces, 'piece')} advised`,
    );
    if (delivery.intention !== 'clean') this.#say(`         on purpose: ${PURPOSE[delivery.intention]}`);
    await this.#until(signal, async () =>
      (await this.#stack.edge.panel.state()).expectations.some((due) => due.number === delivery.despatch),
    );
    // Paper and goods race each other in life, too.
    const early = delivery.number > 1 && warehouse.random.fork(`early/${delivery.number}`).chance(0.3);
    const sent = early ? await erp.bill(papers) : undefined;
    const name = options.doors[(delivery.number - 1) % options.doors.length] ?? '';
    for (const pass of warehouse.passes(delivery, name)) {
      if (signal.aborted) return;
      await this.#stack.cross(pass);
    }
    const { id } = sent ?? (await erp.bill(papers));
    this.#papers.set(id, papers);
    const billed = Date.now();
    await this.#until(signal, async () => {
      if (this.#settled(await this.#stack.client.document(id), papers)) return true;
      return Date.now() - billed > COMMIT_MS && (await this.#undecided(papers)) > 0;
    });
    await this.#tell(await this.#stack.client.document(id), papers);
  }

  /** Items of an invoice that wait for a person, when the hub knows everything else. */
  async #undecided({ invoice }: Paperwork): Promise<number> {
    const { doubts, queued } = await this.#stack.edge.panel.state();
    return queued > 0 ? 0 : doubts.filter((doubt) => invoice.lines.some((line) => line.gtin === doubt.gtin)).length;
  }

  #settled(document: DocumentView, papers: Paperwork): boolean {
    return document.lines.every((line) => line.status === papers.expected.lines.find((expected) => expected.id === line.id)?.status);
  }

  /** One line for an invoice that agrees, else its findings. */
  async #tell(document: DocumentView, papers: Paperwork): Promise<void> {
    const { invoice, delivery, expected } = papers;
    const digest = JSON.stringify([document.status, document.lines.map((line) => [line.status, line.matched])]);
    if (this.#told.get(document.id) === digest) return;
    this.#told.set(document.id, digest);
    const matched = document.lines.reduce((sum, line) => sum + line.matched, 0);
    const head = `${document.status} ${invoice.number}  ${delivery.partner.name}`;
    if (document.status === 'MATCHED') this.#say(`${head}  ${plural(matched, 'piece')}  ${document.total ?? ''} EUR`);
    else this.#say(head);
    for (const line of document.lines) {
      if (line.status === 'MATCHED') continue;
      const billed = invoice.lines.find((one) => one.id === line.id);
      const gap = [line.short > 0 ? `${line.short} missing` : '', line.over > 0 ? `${line.over} too many` : ''].filter(Boolean).join(', ');
      const price = line.status === 'PRICE_VARIANCE' ? `, billed at ${billed?.price ?? '?'} EUR` : '';
      this.#say(
        `         ${line.status} ${billed?.name ?? line.gtin ?? ''}: billed ${billed?.quantity ?? '?'}, moved ${line.matched + line.over}${gap === '' ? '' : `, ${gap}`}${price}`,
      );
    }
    for (const finding of document.findings) {
      if (finding.code === 'DUPLICATE_NUMBER')
        this.#say('         DUPLICATE_NUMBER another invoice came under this number and was refused');
    }
    if (this.#settled(document, papers)) return;
    const waiting = await this.#undecided(papers);
    const { queued } = await this.#stack.edge.panel.state();
    if (queued > 0) this.#say(`         the hub has not yet heard from the dock: ${plural(queued, 'record')} wait there`);
    else if (waiting > 0)
      this.#say(
        `         ${plural(waiting, 'piece')} of it undecided: decide on the panel, then ${document.status === expected.status ? 'its quantities follow' : `it becomes ${expected.status}`}`,
      );
    else this.#say(`         unexpected: by the warehouse's truth it is ${expected.status}`);
  }

  /** What an edge made of a passage. */
  #passage(event: EdgeEvent): void {
    if (event.event !== 'passage.closed') return;
    const moved = counted(event['moved']);
    const doubts = counted(event['doubts']);
    const strays = counted(event['strays']);
    if (moved + doubts === 0) return;
    const way = event['direction'] === 'in' ? 'came in' : event['direction'] === 'out' ? 'went out' : 'moved, which way is not sure';
    const more = [doubts > 0 ? `${doubts} undecided` : '', strays > 0 ? `${strays} beside the door left alone` : '']
      .filter(Boolean)
      .join(', ');
    this.#say(`  ${door(String(event['door']))}: ${plural(moved, 'piece')} ${way}${more === '' ? '' : ` (${more})`}`);
  }

  /** Tells of invoices that change after they were told, as when a person decides. */
  async #follow(signal: AbortSignal): Promise<void> {
    let after = (await this.#stack.client.size().catch(() => 0)) - 1;
    while (!signal.aborted) {
      after = await this.#stack.client.follow(after, signal, (event: StreamEvent) => {
        if (event.event === 'entry') this.#changed(event.data.effects);
      });
      await pause(1_000, signal);
    }
  }

  #changed(effects: Effects): void {
    for (const change of effects.documents ?? []) {
      const papers = this.#papers.get(change.id);
      if (papers === undefined || !this.#told.has(change.id)) continue;
      this.#stack.client
        .document(change.id)
        .then((document) => this.#tell(document, papers))
        .catch(() => undefined);
    }
  }

  async #remind(): Promise<void> {
    const { doubtsTotal } = await this.#stack.edge.panel.state();
    if (doubtsTotal === 0 || Date.now() - this.#reminded < REMIND_MS) return;
    this.#reminded = Date.now();
    this.#say('');
    this.#say(
      `${plural(doubtsTotal, 'item')} undecided on the panel ${this.#stack.edge.address}: heard too seldom to tell whether they moved.`,
    );
    this.#say(`Accept books them at the time of their passage, reject calls them strays; ${SITE.name} and the invoice follow at once.`);
  }

  /** Waits for a condition, at most SETTLE_MS: what has not come by then is told as it is. */
  async #until(signal: AbortSignal, met: () => Promise<boolean>): Promise<void> {
    const until = Date.now() + SETTLE_MS;
    while (!signal.aborted && Date.now() < until) {
      if (await met().catch(() => false)) return;
      await pause(POLL_MS, signal);
    }
  }
}

function counted(value: unknown): number {
  return Array.isArray(value) ? value.length : Number(value ?? 0);
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
  });
}
