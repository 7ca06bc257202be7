import { Fault } from '../../protocol/fault.ts';
import { checkDigitOf } from '../../protocol/gtin.ts';
import type { Random } from '../random.ts';
import type { Catalog } from '../warehouse/catalog.ts';
import type { Delivery } from '../warehouse/delivery.ts';
import { type HubClient, HubFault } from './hub.ts';
import { makePaperwork, type Paperwork } from './paperwork.ts';

export interface ErpOptions {
  readonly hub: HubClient;
  readonly catalog: Catalog;
  readonly random: Random;
  readonly site: { readonly id: string; readonly name: string; readonly timeZone: string };
  /** Epoch milliseconds. */
  readonly now?: () => number;
}

/** Terms of the story's suppliers and customers, in days: the most that French law allows without a clause (L441-10). */
const DAYS_TO_PAY = 30;
const DAY_MS = 86_400_000;

/** A hub that starts again is back within seconds; one that is not back after these attempts is down. */
const ATTEMPTS = 30;
const AGAIN_MS = 1_000;
/** Calls at the same time while master data is sent: one after the other would take seconds. */
const SENDERS = 8;

/** An invoice as it stands with the hub. */
export interface SentInvoice {
  readonly paperwork: Paperwork;
  /** The hub's id of the document. */
  readonly id: string;
}

/** YYYY-MM-DD of an instant in a time zone. */
export function dayIn(timeZone: string, at: number): string {
  // The Swedish locale writes dates as ISO 8601 does.
  return new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short' }).format(at);
}

/** The user's own system: knows companies, items and prices, sends papers for what the warehouse ships, some of them wrong. */
export class Erp {
  readonly sent: SentInvoice[] = [];
  readonly gln: string;
  readonly #options: ErpOptions;
  readonly #now: () => number;

  constructor(options: ErpOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    const body = `${options.catalog.company.prefix}00001`;
    this.gln = body + checkDigitOf(body);
  }

  /** Company, site, items and agreed purchase prices. */
  async sendMasterData(): Promise<void> {
    const { hub, catalog, site } = this.#options;
    const { name, vat, siren } = catalog.company;
    await hub.call('PUT', '/v1/company', { name, vat, siren });
    await hub.call('PUT', `/v1/sites/${site.id}`, { name: site.name, timeZone: site.timeZone, gln: this.gln });
    const items = [...catalog.items];
    const send = async (): Promise<void> => {
      for (let item = items.pop(); item !== undefined; item = items.pop()) {
        await hub.call('PUT', `/v1/items/${item.gtin}`, { name: item.name, unit: 'H87' });
        await hub.call('PUT', '/v1/prices', { partner: item.supplier.vat, gtin: item.gtin, price: item.cost, currency: 'EUR' });
      }
    };
    await Promise.all(Array.from({ length: SENDERS }, send));
  }

  /** Writes the papers of a delivery; nothing is sent yet. */
  prepare(delivery: Delivery): Paperwork {
    const { catalog, random, site } = this.#options;
    const now = this.#now();
    return makePaperwork(delivery, random, {
      catalog,
      site: site.id,
      gln: this.gln,
      today: dayIn(site.timeZone, now),
      due: dayIn(site.timeZone, now + DAYS_TO_PAY * DAY_MS),
    });
  }

  /** Sends the order and the despatch advice: the goods are on their way. */
  async announce(paperwork: Paperwork): Promise<void> {
    await this.#post(JSON.stringify(paperwork.order), 'application/json');
    await this.#post(JSON.stringify(paperwork.despatchAdvice), 'application/json');
  }

  /**
   * Sends the invoice as often as its intention wants, and checks each answer.
   * @throws Fault ANSWER_UNEXPECTED when the hub takes a second invoice for a first one, or the other way round.
   */
  async bill(paperwork: Paperwork): Promise<SentInvoice> {
    let id: string | undefined;
    for (const sending of paperwork.sendings) {
      const { status, answered, repeated } = await this.#post(sending.xml, 'application/xml');
      // After an answer that was lost, "known already" is what a new document says.
      const right = status === sending.answer || (repeated && sending.answer === 201 && status === 200);
      if (!right || (id !== undefined && answered !== undefined && answered !== id)) {
        throw new Fault(
          'ANSWER_UNEXPECTED',
          `invoice ${paperwork.invoice.number}: the hub answered ${status} (${answered ?? 'no id'}), ${sending.answer} was due`,
        );
      }
      id ??= answered;
    }
    const sent = { paperwork, id: id ?? '' };
    this.sent.push(sent);
    return sent;
  }

  /** Sends a document until the hub has answered for good: the same content again is the same document. */
  async #post(body: string, type: string): Promise<{ status: number; answered?: string; repeated: boolean }> {
    for (let attempt = 1; ; attempt++) {
      const repeated = attempt > 1;
      try {
        const { status, body: document } = await this.#options.hub.call<{ id: string }>('POST', '/v1/documents', body, type);
        return { status, answered: document.id, repeated };
      } catch (error) {
        const refused = error instanceof HubFault && error.status < 500 ? error : undefined;
        if (refused?.status === 409 && refused.code === 'DUPLICATE_NUMBER') return { status: 409, repeated };
        if (refused !== undefined || attempt === ATTEMPTS) throw error;
        await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
      }
    }
  }
}
