import { env } from 'cloudflare:workers';
import { keyId, openBatch, sealBatch } from '../../../protocol/batch.ts';
import { toBase64url } from '../../../protocol/bytes.ts';
import { chainStart } from '../../../protocol/chain.ts';
import {
  type CountBody,
  type DocumentRef,
  encodeBody,
  groupItems,
  type ItemGroup,
  type PassageBody,
  type RecordBody,
} from '../../../protocol/record.ts';
import { ledgerOf } from '../ledgers.ts';
import { call, freshTenant, type Tenant } from './hub.ts';

/** What testing/ubl.ts bills. */
export const GTIN = '03012345678902';
const AT = 1_790_000_000_000;

const ADVICE: DocumentRef = { kind: 'despatchAdvice', number: 'DA-1', how: 'chosen' };

/** A node of a fresh tenant that hands over passages as an edge does. */
export class Dock {
  readonly tenant: Tenant;
  readonly #key: CryptoKeyPair;
  readonly #id: string;
  #seq = 0;
  #chain: Uint8Array;

  private constructor(tenant: Tenant, key: CryptoKeyPair, id: string) {
    this.tenant = tenant;
    this.#key = key;
    this.#id = id;
    this.#chain = chainStart({ tenant: tenant.tenant, site: 'LYON', node: 'dock-1' }, 1);
  }

  static async open(): Promise<Dock> {
    const tenant = await freshTenant();
    await call('PUT', '/v1/sites/LYON', tenant.admin, { name: 'Lyon', timeZone: 'Europe/Paris' });
    const key = (await crypto.subtle.generateKey('Ed25519', true, ['sign', 'verify'])) as CryptoKeyPair;
    const raw = new Uint8Array((await crypto.subtle.exportKey('raw', key.publicKey)) as ArrayBuffer);
    await call('POST', '/v1/nodes', tenant.admin, { site: 'LYON', node: 'dock-1', publicKey: toBase64url(raw) });
    return new Dock(tenant, key, keyId(raw));
  }

  /** Items of GTIN go through door D1, a minute after those before; `document` is what the door knows of them. */
  async passage(direction: 'in' | 'out', serials: readonly number[], document: DocumentRef | null = ADVICE): Promise<void> {
    const at = this.#next();
    const body: PassageBody = {
      type: 'passage',
      v: 1,
      passage: `D1-${this.#seq}`,
      door: 'D1',
      part: 1,
      parts: 1,
      direction,
      opened: at,
      closed: at + 4000,
      confidence: 950,
      ...(document === null ? {} : { document }),
      items: groupItems(serials.map((serial) => ({ gtin: GTIN, serial }))),
      clock: { wall: at + 5000, mono: this.#seq * 60_000, boot: '00c0ffee', synced: true },
    };
    await this.#post(body, at);
  }

  /** Two passes of a zone read these serials of GTIN, and of those that were expected not the others. */
  async count(zone: string, read: readonly number[], missing: readonly number[] = []): Promise<void> {
    const at = this.#next();
    const items = (serials: readonly number[]): ItemGroup[] => groupItems(serials.map((serial) => ({ gtin: GTIN, serial })));
    const body: CountBody = {
      ...{ type: 'count', v: 1, count: `${zone}-${this.#seq}`, zone, name: `Allée ${zone}`, part: 1, parts: 1, passes: 2, by: 'Léa' },
      ...{ opened: at, closed: at + 4000, expected: at, approved: at + 5000, items: items(read) },
      ...(missing.length === 0 ? {} : { missing: items(missing) }),
      clock: { wall: at + 5000, mono: this.#seq * 60_000, boot: '00c0ffee', synced: true },
    };
    await this.#post(body, at);
  }

  #next(): number {
    this.#seq += 1;
    return AT + this.#seq * 60_000;
  }

  async #post(body: RecordBody, at: number): Promise<void> {
    const record = { salt: crypto.getRandomValues(new Uint8Array(16)), body: encodeBody(body) };
    const header = {
      tenant: this.tenant.tenant,
      site: 'LYON',
      node: 'dock-1',
      epoch: 1,
      first: this.#seq,
      before: this.#chain,
      key: this.#id,
      sentAt: at,
    };
    const sign = async (message: Uint8Array): Promise<Uint8Array> =>
      new Uint8Array(await crypto.subtle.sign('Ed25519', this.#key.privateKey, message as Uint8Array<ArrayBuffer>));
    const batch = openBatch(await sealBatch(header, [record], sign));
    const posted = await ledgerOf(env, this.tenant.tenant).post('LYON', 'dock-1', batch, Date.now());
    if (!posted.ok) throw new Error(`the record was refused: ${posted.code} ${posted.text}`);
    this.#chain = batch.header.after;
  }
}
