import type { Batch } from '../../protocol/batch.ts';
import type { NodeStatus } from '../../protocol/command.ts';
import type { ChainHead, RefusalCode } from '../../protocol/refusal.ts';
import type { EntryEffects } from './effects.ts';
import type { EntryType, NewEntry } from './entry.ts';
import type { StockMovement } from './movementpage.ts';

/** A device key and the time it is valid for: `from` included, `to` excluded, epoch milliseconds. */
export interface DeviceKey {
  /** keyId of protocol/batch.ts. */
  readonly id: string;
  /** base64url of 32 bytes. */
  readonly publicKey: string;
  readonly from: number;
  readonly to: number | null;
}

/** Why nothing of a node is taken until a person releases it. */
export interface Quarantine {
  /** CLONE or FORK. */
  readonly reason: string;
  readonly text: string;
  /** Since when, epoch milliseconds, and the entry that says so. */
  readonly at: number;
  readonly entry: number;
}

export interface NodeState {
  readonly head: ChainHead;
  readonly keys: readonly DeviceKey[];
  readonly quarantine: Quarantine | null;
}

/** A good CONNECT token, for which process it was made and what that process knew (TokenProcess of protocol/token.ts). */
export interface Login {
  readonly instance: string;
  readonly turn: number;
  readonly token: string;
}

/** `turn` is told to the process, whatever the answer. */
export type LoginResult =
  | { readonly ok: true; readonly turn: number }
  | { readonly ok: false; readonly code: 'SUPERSEDED' | 'QUARANTINED'; readonly text: string; readonly turn: number };

/** An enrolment token that an admin asked for; `hash` is enrolHash of protocol/enrol.ts as base64url. */
export interface Offer {
  readonly site: string;
  readonly node: string;
  readonly hash: string;
  /** Epoch milliseconds. */
  readonly expiresAt: number;
}

/** base64url throughout; the proof is verified by the caller, everything else by the ledger. */
export interface Enrolment {
  readonly site: string;
  readonly node: string;
  readonly hash: string;
  readonly publicKey: string;
  readonly proof: string;
}

/** Both signatures are verified by the caller with the keys as the ledger has them. */
export interface Rotation {
  readonly site: string;
  readonly node: string;
  readonly publicKey: string;
  readonly proof: string;
  /** Id of the old key. */
  readonly by: string;
  readonly signature: string;
}

/** What became of a node's keys; `entry` is null when the log said so already. */
export type KeyResult =
  | { readonly ok: true; readonly keyId: string; readonly entry: number | null }
  | { readonly ok: false; readonly code: string; readonly text: string };

export type PostResult =
  | { readonly ok: true; readonly head: ChainHead; readonly duplicate: boolean }
  | { readonly ok: false; readonly code: RefusalCode; readonly text: string; readonly head: ChainHead };

/** `index` is null and `existing` names what was there before when nothing had to be appended. */
export interface Appended {
  readonly index: number | null;
  readonly existing: string | null;
  readonly effects: EntryEffects;
}

/** Errors do not keep their class over RPC, so a refusal is a value. */
export type AppendResult =
  | { readonly ok: true; readonly appended: readonly Appended[] }
  | {
      readonly ok: false;
      readonly code: string;
      readonly text: string;
      readonly details: Readonly<Record<string, string | number | boolean>>;
    };

/** One page of a list; `next` is the cursor of the next page, null at the end. `entry` is the log size it is true for. */
export interface Page<T> {
  readonly data: readonly T[];
  readonly next: string | null;
  readonly entry: number;
}

export interface StockQuery {
  readonly site?: string;
  readonly gtin?: string;
  readonly after?: string;
  readonly limit?: number;
}

export interface StockRow {
  readonly site: string;
  readonly gtin: string;
  readonly name: string | null;
  readonly quantity: number;
}

export interface MovementsQuery {
  readonly site?: string;
  readonly gtin?: string;
  /** Cursor of the page before; newest first. */
  readonly after?: string;
  readonly limit?: number;
}

export interface ListQuery {
  readonly after?: string;
  readonly limit?: number;
}

export interface ItemRow {
  readonly gtin: string;
  readonly name: string | null;
  readonly unit: string | null;
  readonly packs: readonly { readonly unit: string; readonly quantity: number }[];
}

export interface SiteRow {
  readonly site: string;
  readonly name: string | null;
  readonly timeZone: string | null;
  readonly gln: string | null;
}

export interface PriceQuery extends ListQuery {
  readonly partner?: string;
  readonly gtin?: string;
}

export interface PriceRow {
  readonly partner: string;
  readonly gtin: string;
  /** Decimal string per stocking unit. */
  readonly price: string;
  readonly currency: string;
  /** Valid from, epoch milliseconds. */
  readonly from: number;
}

export interface NodeRow {
  readonly site: string;
  readonly node: string;
  readonly keys: readonly DeviceKey[];
  readonly quarantine: Quarantine | null;
  readonly head: ChainHead;
  /** Effective time of the newest record, epoch milliseconds: movements of this node are complete up to here. */
  readonly completeTo: number | null;
  readonly status: NodeStatus | null;
  readonly statusAt: number | null;
}

export interface Company {
  readonly name: string;
  readonly vat: string | null;
  readonly siren: string | null;
  readonly gln: string | null;
}

export interface EntryView {
  readonly index: number;
  readonly type: EntryType;
  readonly at: number;
  readonly effectiveAt: number;
  readonly producer: string;
  readonly epoch: number;
  readonly seq: number;
  /** base64url; null once erased. */
  readonly salt: string | null;
  /** The body as the producer wrote it; null once erased. */
  readonly body: string | null;
  /** base64url. */
  readonly commitment: string;
  readonly effects: EntryEffects;
}

/** A log as who checks it must know it: `vkey` is worth noting down, the rest moves. */
export interface LogView {
  readonly origin: string;
  /** C2SP verifier key. */
  readonly vkey: string;
  /** Of the newest checkpoint. */
  readonly size: number;
  /** RFC 6962 root as base64url. */
  readonly root: string;
  /** When the newest entry was appended, epoch milliseconds; 0 for an empty log. */
  readonly at: number;
}

export interface ReceiptView {
  /** base64url. */
  readonly leaf: string;
  /** C2SP tlog-proof. */
  readonly proof: string;
  readonly vkey: string;
}

/** Codes: NOT_FOUND, BUSY, EXPORT_LIMIT, ORIGINAL_MISSING. */
export type ExportRefused = { readonly ok: false; readonly code: string; readonly text: string };
export type ExportOpened = { readonly ok: true; readonly id: string; readonly first: string } | ExportRefused;
/** `next` is the path of the file to ask for then; null after the last. */
export type ExportPart = { readonly ok: true; readonly body: ReadableStream<Uint8Array>; readonly next: string | null } | ExportRefused;

export interface LogHead {
  /** Number of entries. */
  readonly size: number;
  /** RFC 6962 root as base64url. */
  readonly root: string;
  /** When the newest entry was appended, epoch milliseconds; 0 for an empty log. */
  readonly at: number;
}

/** Something wrong with the ledger itself: see alarms.ts. */
export interface AlarmRow {
  readonly id: number;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly code: string;
  readonly text: string;
  /** When it was put right; null while it stands. */
  readonly cleared: number | null;
}

/** How the tables that follow from the log stand against it. */
export interface ProjectionsState {
  /** `failed`: a rebuild stopped and what was stored before stays in use. */
  readonly state: 'current' | 'rebuilding' | 'failed';
  /** While rebuilding: the size of the log when it began, the entry that is folded next, the size now, why, and how far. */
  readonly rebuild: null | {
    readonly since: number;
    readonly next: number;
    readonly size: number;
    readonly why: string;
    readonly phase: string;
  };
  /** The background check (inspection.ts): full rotations, and when the last one ended, epoch milliseconds. */
  readonly inspection: { readonly rotations: number; readonly rotatedAt: number | null };
  /** What stands, newest first. */
  readonly alarms: readonly AlarmRow[];
}

/** Raw EPCs that stand in a site by why they are no SGTIN. */
export interface RawRow {
  readonly site: string;
  readonly reason: string;
  readonly quantity: number;
}

/**
 * What the ledger Durable Object answers: `env.LEDGER.getByName(tenant)`. To these, object.ts adds the reads of documents and
 * findings (reconcile/reads.ts).
 */
export interface LedgerRpc {
  node(site: string, node: string): Promise<NodeState>;
  /** The signature is already verified by the gateway; everything else is checked here. */
  post(site: string, node: string, batch: Batch, receivedAt: number): Promise<PostResult>;
  append(entries: readonly NewEntry[], at: number): Promise<AppendResult>;
  /** Judges the process behind a good token: see instances.ts. */
  login(site: string, node: string, login: Login, at: number): Promise<LoginResult>;
  offer(offer: Offer, at: number): Promise<void>;
  enrol(enrolment: Enrolment, at: number): Promise<KeyResult>;
  rotate(rotation: Rotation, at: number): Promise<KeyResult>;
  revoke(site: string, node: string, key: string, at: number): Promise<KeyResult>;
  release(site: string, node: string, at: number): Promise<KeyResult>;
  /** Keeps refused bytes; bounded per node. */
  quarantine(site: string, node: string, code: string, bytes: Uint8Array, at: number): Promise<void>;
  report(site: string, node: string, status: NodeStatus, at: number): Promise<void>;
  head(): Promise<LogHead>;
  entry(index: number): Promise<EntryView | null>;
  stock(query: StockQuery): Promise<Page<StockRow>>;
  rawStock(): Promise<readonly RawRow[]>;
  movements(query: MovementsQuery): Promise<Page<StockMovement>>;
  items(query: ListQuery): Promise<Page<ItemRow>>;
  /** One item; null for a GTIN (14 digits) that no entry named. */
  item(gtin: string): Promise<ItemRow | null>;
  sites(): Promise<readonly SiteRow[]>;
  prices(query: PriceQuery): Promise<Page<PriceRow>>;
  /** The price agreed with a partner for a GTIN at an instant (epoch milliseconds); null when none was. */
  price(partner: string, gtin: string, at: number): Promise<PriceRow | null>;
  company(): Promise<Company | null>;
  nodes(): Promise<readonly NodeRow[]>;
  projections(): Promise<ProjectionsState>;
  /** Starts a rebuild of everything that is folded unless one runs. */
  startRebuild(why: string, at: number): Promise<ProjectionsState>;
  log(): Promise<LogView>;
  /** The newest checkpoint as a signed note. */
  checkpoint(): Promise<string>;
  /** A tile by its path (C2SP tlog-tiles); null for what is none of the newest checkpoint. */
  tile(path: string): Promise<Uint8Array | null>;
  receipt(index: number): Promise<ReceiptView | null>;
  openExport(at: number): Promise<ExportOpened>;
  /** A file of an export, in order. */
  exportFile(id: string, path: string, at: number): Promise<ExportPart>;
  /** Rows written and read since the object last started, index entries included: for measurements. */
  rows(): Promise<{ written: number; read: number }>;
  /** Server-sent events after the entry `after` (-1 for all; null for only what comes), as UTF-8 bytes. */
  stream(after: number | null): Promise<ReadableStream<Uint8Array>>;
}
