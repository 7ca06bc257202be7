import { DurableObject } from 'cloudflare:workers';
import type { Batch } from '../../protocol/batch.ts';
import { toBase64url } from '../../protocol/bytes.ts';
import { SALT_BYTES } from '../../protocol/chain.ts';
import type { Command, NodeStatus } from '../../protocol/command.ts';
import { clientId } from '../../protocol/topics.ts';
import type * as Read from '../projections.ts';
import { projections, reads } from '../projections.ts';
import { ARCHIVE_DELAY_MS } from './archive.ts';
import { deviceKeys, quarantineOf } from './devices.ts';
import { drainDrops, nextDrop } from './drops.ts';
import { Duties } from './duties.ts';
import { enrol, offer, revoke, rotate } from './enrolments.ts';
import type { NewEntry } from './entry.ts';
import { login, release } from './instances.ts';
import { Ledger as Log } from './ledger.ts';
import { entryView, isLate, logHead, newsAfter } from './log.ts';
import { movementsPage, type StockMovement } from './movementpage.ts';
import { drainOutbound, hasOutbound } from './outbound.ts';
import { sizeOf } from './page.ts';
import { startMark } from './place.ts';
import { type Bucket, Publication } from './publication.ts';
import { rawStock } from './raw.ts';
import { companyOf, itemOf, itemsPage, priceAt, pricesPage, siteRows, stockPage } from './reads.ts';
import { projectionsState } from './rebuild.ts';
import type * as Rpc from './rpc.ts';
import { keepRefused, keepReport, nodeRows } from './sidelines.ts';
import { ObjectSql } from './sql.object.ts';
import { text } from './sql.ts';
import { Streams } from './stream.ts';
import { answerWish } from './zonelist.ts';

export interface LedgerEnv {
  readonly GATEWAY: { getByName(name: string): { send(command: Command): Promise<void>; drop(): Promise<void> } };
  readonly ARCHIVE: Bucket;
  readonly LOG_HOST: string;
}

/** First and longest wait before commands that a gateway did not take are sent again, milliseconds: it is deploying, or full. */
const RETRY_MS = 1_000;
const MAX_RETRY_MS = 300_000;

const print = (event: object): void => console.log(JSON.stringify(event));

/**
 * The ledger of one tenant (`getByName(tenant)`): the log, its tree and everything folded with it, in this object's SQLite. Each method
 * runs without an await between reading and writing, so calls never interleave; answers leave after their writes are durable.
 */
export class Ledger extends DurableObject<LedgerEnv> implements Rpc.LedgerRpc {
  readonly #sql: ObjectSql;
  readonly #streams: Streams;
  /** In the order in which an alarm runs them: what people wait for comes first. */
  readonly #duties: Duties;
  #log: Log | undefined;
  #publication: Publication | undefined;
  #failures = 0;

  constructor(ctx: DurableObjectState, env: LedgerEnv) {
    super(ctx, env);
    this.#sql = new ObjectSql(ctx.storage);
    this.#streams = new Streams({ newsAfter: (after, limit) => newsAfter(this.#open().sql, after, limit), now: () => Date.now() });
    this.#duties = new Duties(
      [
        { name: 'drops', run: () => this.#drop() },
        { name: 'drain', run: () => this.#drain() },
        { name: 'outbound', run: () => this.#sendOutbound() },
        { name: 'rebuild', run: () => this.#open().rebuild.slice(Date.now()) },
        { name: 'inspection', run: () => this.#open().inspection.slice(Date.now()) },
        { name: 'archive', run: async () => ((await this.#published().archive.run()) ? 0 : null) },
      ],
      { setAlarm: (at) => ctx.storage.setAlarm(at), now: () => Date.now(), log: print },
    );
    if (this.#exists()) this.#open();
  }

  /** A name that someone only asked for (an unknown node at the gateway) must not cost a schema. */
  #exists(): boolean {
    return this.#log !== undefined || this.#sql.exec("SELECT name FROM sqlite_master WHERE name = 'tenant'").length > 0;
  }

  #open(): Log {
    if (this.#log !== undefined) return this.#log;
    // An object woken by its alarm may not know its name, so the first opening writes it down.
    this.#sql.exec('CREATE TABLE IF NOT EXISTS tenant (name TEXT PRIMARY KEY) WITHOUT ROWID');
    if (this.ctx.id.name !== undefined) this.#sql.exec('INSERT OR IGNORE INTO tenant (name) VALUES (?)', this.ctx.id.name);
    const tenant = text(this.#sql.exec('SELECT name FROM tenant')[0] ?? {}, 'name');
    const salt = (): Uint8Array => crypto.getRandomValues(new Uint8Array(SALT_BYTES));
    this.#log = new Log({ sql: this.#sql, tenant, projections, salt, log: print });
    // New code may have begun one.
    if (this.#log.rebuild.runs()) void this.#duties.wake('rebuild');
    return this.#log;
  }

  #published(): Publication {
    const { sql, tenant } = this.#open();
    // Rows that are about to be replaced are not exported.
    const waits = (): boolean => this.#open().waits() || this.#open().rebuild.runs();
    this.#publication ??= new Publication({ sql, tenant, projections, host: this.env.LOG_HOST, bucket: this.env.ARCHIVE, waits });
    return this.#publication;
  }

  /** After a commit: commands go out by alarm, and streams hear of it once it is durable, lest they show what a crash takes back. */
  async #committed(): Promise<void> {
    const drop = nextDrop(this.#sql, Date.now());
    if (drop !== null) void this.#duties.wake('drops', drop);
    if (this.#published().archive.waits()) void this.#duties.wake('archive', ARCHIVE_DELAY_MS);
    // While a gateway fails, its retry is due later already.
    if (this.#open().waits()) void this.#duties.wake('drain');
    else if (this.#failures === 0 && hasOutbound(this.#sql)) void this.#duties.wake('outbound');
    else void this.#duties.begin();
    if (this.#streams.size === 0) return;
    await this.ctx.storage.sync();
    this.#streams.wake();
  }

  async node(site: string, node: string): Promise<Rpc.NodeState> {
    if (!this.#exists()) {
      const { epoch, seq, chain } = startMark({ tenant: this.ctx.id.name ?? '', site, node });
      return { head: { epoch, seq, chain: toBase64url(chain) }, keys: [], quarantine: null };
    }
    const { sql } = this.#open();
    const quarantine = quarantineOf(sql, site, node) ?? null;
    return { head: this.#open().nodeHead(site, node), keys: deviceKeys(sql, site, node), quarantine };
  }

  async post(site: string, node: string, batch: Batch, receivedAt: number): Promise<Rpc.PostResult> {
    const result = this.#open().post(site, node, batch, receivedAt);
    if (result.ok ? !result.duplicate : result.code === 'FORK') this.ctx.waitUntil(this.#committed());
    return result;
  }

  async append(entries: readonly NewEntry[], at: number): Promise<Rpc.AppendResult> {
    const result = this.#open().append(entries, at);
    this.ctx.waitUntil(this.#committed());
    return result;
  }

  async login(site: string, node: string, asked: Rpc.Login, at: number): Promise<Rpc.LoginResult> {
    const result = login(this.#open(), site, node, asked, at);
    if (!result.ok) this.ctx.waitUntil(this.#committed());
    return result;
  }

  async offer(asked: Rpc.Offer, at: number): Promise<void> {
    offer(this.#open().sql, asked, at);
  }

  async enrol(enrolment: Rpc.Enrolment, at: number): Promise<Rpc.KeyResult> {
    return this.#keysChanged(enrol(this.#open(), enrolment, at));
  }

  async rotate(rotation: Rpc.Rotation, at: number): Promise<Rpc.KeyResult> {
    return this.#keysChanged(rotate(this.#open(), rotation, at));
  }

  async revoke(site: string, node: string, key: string, at: number): Promise<Rpc.KeyResult> {
    return this.#keysChanged(revoke(this.#open(), site, node, key, at));
  }

  async release(site: string, node: string, at: number): Promise<Rpc.KeyResult> {
    return this.#keysChanged(release(this.#open(), site, node, at));
  }

  #keysChanged(result: Rpc.KeyResult): Rpc.KeyResult {
    if (result.ok && result.entry !== null) this.ctx.waitUntil(this.#committed());
    return result;
  }

  async quarantine(site: string, node: string, code: string, bytes: Uint8Array, at: number): Promise<void> {
    if (this.#exists()) keepRefused(this.#open().sql, site, node, code, bytes, at);
  }

  async report(site: string, node: string, status: NodeStatus, at: number): Promise<void> {
    if (!this.#exists()) return;
    const { sql } = this.#open();
    if (answerWish(sql, site, node, status, at)) void this.#duties.wake('outbound');
    if (keepReport(sql, site, node, status, at)) this.#streams.report({ site, node, status, at });
  }

  async head(): Promise<Rpc.LogHead> {
    return logHead(this.#open().sql);
  }

  async entry(index: number): Promise<Rpc.EntryView | null> {
    return entryView(this.#open().sql, index);
  }

  async stock(query: Rpc.StockQuery): Promise<Rpc.Page<Rpc.StockRow>> {
    return stockPage(this.#open().sql, query);
  }

  async rawStock(): Promise<readonly Rpc.RawRow[]> {
    return rawStock(this.#open().sql);
  }

  async movements(query: Rpc.MovementsQuery): Promise<Rpc.Page<StockMovement>> {
    return movementsPage(this.#open().sql, query);
  }

  async items(query: Rpc.ListQuery): Promise<Rpc.Page<Rpc.ItemRow>> {
    return itemsPage(this.#open().sql, query);
  }

  async item(gtin: string): Promise<Rpc.ItemRow | null> {
    return itemOf(this.#open().sql, gtin) ?? null;
  }

  async price(partner: string, gtin: string, at: number): Promise<Rpc.PriceRow | null> {
    return priceAt(this.#open().sql, partner, gtin, at) ?? null;
  }

  async sites(): Promise<readonly Rpc.SiteRow[]> {
    return siteRows(this.#open().sql);
  }

  async prices(query: Rpc.PriceQuery): Promise<Rpc.Page<Rpc.PriceRow>> {
    return pricesPage(this.#open().sql, query);
  }

  async company(): Promise<Rpc.Company | null> {
    return companyOf(this.#open().sql);
  }

  async documents(query: Read.DocumentsQuery): Promise<Rpc.Page<Read.DocumentRow>> {
    return reads.documentsPage(this.#open().sql, query);
  }

  async document(id: string): Promise<Read.DocumentView | null> {
    return reads.documentView(this.#open().sql, id);
  }

  async findings(query: Rpc.ListQuery): Promise<Rpc.Page<Read.FindingView>> {
    return reads.findingsPage(this.#open().sql, query);
  }

  async counts(query: Read.CountsQuery): Promise<Rpc.Page<Read.CountRow>> {
    return reads.countsPage(this.#open().sql, query);
  }

  async count(entry: number): Promise<Read.CountView | null> {
    return reads.countView(this.#open().sql, entry);
  }

  async countFindings(query: Rpc.ListQuery): Promise<Rpc.Page<Read.CountFinding>> {
    return reads.countFindings(this.#open().sql, query);
  }

  async countPlan(site: string | null, now: number): Promise<Read.CountPlan> {
    return reads.countPlan(this.#open().sql, site ?? undefined, now);
  }

  async nodes(): Promise<readonly Rpc.NodeRow[]> {
    return nodeRows(this.#sql, this.#open().tenant);
  }

  async stream(after: number | null): Promise<ReadableStream<Uint8Array>> {
    const last = sizeOf(this.#open().sql) - 1;
    if (after === null || after > last) return this.#streams.open(last);
    return this.#streams.open(after, after === last && isLate(this.#sql, last) ? last : undefined);
  }

  async log(): Promise<Rpc.LogView> {
    return this.#published().view();
  }

  async checkpoint(): Promise<string> {
    return this.#published().checkpoint();
  }

  async tile(path: string): Promise<Uint8Array | null> {
    return this.#published().tile(path);
  }

  async receipt(index: number): Promise<Rpc.ReceiptView | null> {
    return this.#published().receipt(index);
  }

  async openExport(at: number): Promise<Rpc.ExportOpened> {
    return this.#published().openExport(at);
  }

  async exportFile(id: string, path: string, at: number): Promise<Rpc.ExportPart> {
    return this.#published().exportPart(id, path, at);
  }

  async projections(): Promise<Rpc.ProjectionsState> {
    return projectionsState(this.#open().sql);
  }

  async startRebuild(why: string, at: number): Promise<Rpc.ProjectionsState> {
    const { sql, rebuild } = this.#open();
    rebuild.start(why, at);
    await this.#duties.wake('rebuild');
    return projectionsState(sql);
  }

  /** Rows written and read by this object since it started, for measurements. */
  async rows(): Promise<{ written: number; read: number }> {
    return { written: this.#sql.rowsWritten, read: this.#sql.rowsRead };
  }

  /** One slice of work that commits had no room for. */
  async #drain(): Promise<number | null> {
    const { index, more } = this.#open().drain();
    if (index !== undefined && this.#streams.size > 0) {
      await this.ctx.storage.sync();
      this.#streams.again(index);
    }
    return more ? 0 : null;
  }

  /** Ends the sessions of nodes whose keys changed. */
  async #drop(): Promise<number | null> {
    const { tenant, sql } = this.#open();
    return drainDrops(sql, Date.now(), (site, node) => this.env.GATEWAY.getByName(clientId({ tenant, site, node })).drop());
  }

  /** Some of the commands that wait. */
  async #sendOutbound(): Promise<number | null> {
    const { tenant } = this.#open();
    const send = (site: string, node: string, command: Command): Promise<void> =>
      this.env.GATEWAY.getByName(clientId({ tenant, site, node })).send(command);
    const failures = await drainOutbound(this.#sql, send);
    for (const failure of failures) print({ event: 'command.delayed', text: failure });
    this.#failures = failures.length === 0 ? 0 : this.#failures + 1;
    if (!hasOutbound(this.#sql)) return null;
    return this.#failures === 0 ? 0 : Math.min(MAX_RETRY_MS, RETRY_MS * 2 ** (this.#failures - 1));
  }

  override async alarm(): Promise<void> {
    await this.#duties.alarm();
  }
}
