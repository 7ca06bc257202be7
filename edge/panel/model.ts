import type { Direction, DocumentRef } from '../../protocol/record.ts';

/**
 * What the panel shows and what a person may do there. The server (server.ts) turns it into HTTP and live events; the page reads the
 * same types. Instants are epoch milliseconds by the node's wall clock. The state is plain JSON: `undefined` members are left out.
 */
export interface PanelState {
  readonly site: string;
  readonly node: string;
  /** Of the node's key, `1234 5678`: a person compares it with the one the hub shows. */
  readonly fingerprint: string;
  /** IANA name: the page shows times of the site, whatever the tablet's clock says. */
  readonly timeZone: string;
  readonly doors: readonly PanelDoor[];
  /** Closed passages, newest first, at most PASSAGES_SHOWN. */
  readonly passages: readonly PanelPassage[];
  /** Items nobody has decided on, oldest passage first, at most DOUBTS_SHOWN. */
  readonly doubts: readonly PanelDoubt[];
  /** All undecided items, also those beyond DOUBTS_SHOWN. */
  readonly doubtsTotal: number;
  /** Records in the outbox that the hub has not acknowledged. */
  readonly queued: number;
  readonly link: PanelLink;
  /** What is wrong with the node's own disk, worst first; empty while all is well. */
  readonly disk: readonly PanelDisk[];
  readonly readers: readonly PanelReader[];
  /** Documents that are due at the site, to choose from. */
  readonly expectations: readonly PanelExpectation[];
  /** Where people count; empty at a node that has no zones. */
  readonly zones: readonly PanelZone[];
  /** The open count; null when there is none. */
  readonly count: PanelCount | null;
}

export interface PanelZone {
  /** `*` for the whole site. */
  readonly id: string;
  /** Empty for the whole site: the page has a word for it. */
  readonly name: string;
  /** When the hub last said what stands there, epoch milliseconds of the hub; null: a count would be without expectation. */
  readonly listedAt: number | null;
  /** Whether a reader reads here. */
  readonly reading: boolean;
}

/** Articles of a count that are shown: those with the largest differences. */
export const ARTICLES_SHOWN = 100;
/** Serials of an article that are shown: more are not looked for one by one. */
export const SERIALS_SHOWN = 50;

export interface PanelCount {
  readonly count: string;
  readonly zone: string;
  readonly name: string;
  /** Reading goes on, or the differences are looked at. */
  readonly phase: 'reading' | 'review';
  readonly pass: number;
  /** Passes that are taken for a proof that something is missing; at least 1. */
  readonly passes: number;
  /** No tag was heard in this pass. */
  readonly silent: boolean;
  /** Begin of the first pass. */
  readonly opened: number;
  /** When the list was made that is expected; null in a count without expectation. */
  readonly expectedAt: number | null;
  readonly expected: number;
  readonly read: number;
  readonly missing: number;
  readonly unexpected: number;
  /** Tags that are no GS1 item; they are among `read`. */
  readonly raw: number;
  readonly ssccs: number;
  /** More tags came than a count takes. */
  readonly full: boolean;
  readonly reading: boolean;
  readonly articles: readonly PanelArticle[];
}

export interface PanelArticle {
  readonly gtin: string | null;
  readonly name?: string;
  readonly expected: number;
  readonly read: number;
  readonly missing: number;
  readonly unexpected: number;
  /** From the first review on: at most SERIALS_SHOWN each. */
  readonly serials?: { readonly missing: readonly number[]; readonly unexpected: readonly number[] };
}

/** What a person does with the open count: it is named, so that an old screen does nothing to another one. */
export type CountStep =
  | { readonly do: 'begin'; readonly zone: string }
  | { readonly do: 'end' | 'again' | 'discard'; readonly count: string }
  | { readonly do: 'approve'; readonly count: string; readonly by: string };

/** One trouble of the node's disk or outbox file. */
export interface PanelDisk {
  /**
   * Nothing is written down: `failing`, `full` (the disk), `limit` (the outbox). Written from the last reserve: `reserve`. Filling up:
   * `critical`, `high`, `half`. Until somebody confirms it: `damaged`, `missing`, `older`.
   */
  readonly kind: 'failing' | 'full' | 'limit' | 'reserve' | 'critical' | 'high' | 'half' | 'damaged' | 'missing' | 'older';
  /** Of the outbox's limit, whole per cent. */
  readonly percent?: number;
  /** Passages that wait in memory. */
  readonly held?: number;
  /** Records carried over from a damaged file, and lost with it; absent when nobody can tell. */
  readonly saved?: number;
  readonly lost?: number;
}

/** As many as a supervisor scrolls back; the hub keeps the rest. */
export const PASSAGES_SHOWN = 20;
/** A list beyond this is not worked through on a touch screen, and a state must stay a small message. */
export const DOUBTS_SHOWN = 200;
/** Rows of contents a card shows: a pallet of more articles than this is read from the document, not from the door. */
export const CONTENTS_SHOWN = 40;

export interface PanelDoor {
  readonly id: string;
  readonly name: string;
  /** `blind`: no reader of this door is reading, so what crosses is not seen. */
  readonly state: 'free' | 'occupied' | 'blind';
  /** The guess while goods are in the door; `unknown` while it is free or undecided. */
  readonly direction: Direction | 'unknown';
  /** When the open passage began; absent while the door is free. */
  readonly since?: number;
  /** Whether something stands in the beam of its photo-eye; null while nobody knows; absent where the door has none. */
  readonly eye?: boolean | null;
  /** Different items in the open passage: 0 while the door is free. */
  readonly inDoor: number;
  /** The same by article, most first, at most CONTENTS_SHOWN rows; `gtin` is null for tags that are no GS1 item. */
  readonly contents: readonly PanelContent[];
  /** Antennas by which the page says which door and side suffers from a bad one. */
  readonly antennas: readonly { readonly reader: string; readonly port: number; readonly side: 'outside' | 'inside' }[];
  /** The current document: chosen by a person, or recognised from an SSCC; null when there is none. */
  readonly document: DocumentRef | null;
  /** Its partner and its lines when it is one of the expectations. */
  readonly expected?: { readonly partner: string; readonly direction: Direction; readonly lines: readonly PanelLine[] };
}

export interface PanelContent {
  readonly gtin: string | null;
  readonly name?: string;
  readonly count: number;
}

export interface PanelLine {
  readonly gtin: string;
  readonly name?: string;
  readonly expected: number;
  /** Already accepted for this document by closed passages. */
  readonly moved: number;
  /** In the door now, not yet in `moved`. */
  readonly inDoor: number;
}

export interface PanelPassage {
  readonly passage: string;
  readonly door: string;
  readonly opened: number;
  readonly closed: number;
  readonly direction: Direction | 'unknown';
  /** Of the direction, 0 to 1. */
  readonly confidence: number;
  readonly document?: DocumentRef;
  /** Items by verdict, decisions of people included. */
  readonly counts: { readonly in: number; readonly out: number; readonly stray: number; readonly undecided: number };
}

export interface PanelDoubt {
  readonly passage: string;
  readonly door: string;
  /** When the passage closed. */
  readonly at: number;
  readonly epc: string;
  readonly gtin?: string;
  readonly serial?: number;
  readonly name?: string;
  /** The tracker's code, such as `few-reads`; the page has words for those it knows and shows others as they are. */
  readonly reason: string;
  /** Sightings in the passage. */
  readonly reads: number;
}

/** The uplink's state as it is. */
export interface PanelLink {
  readonly state: 'offline' | 'connecting' | 'online' | 'refused';
  readonly since: number;
  /** The newest record the hub has committed. */
  readonly lastAcknowledged: { readonly seq: number; readonly at: number } | null;
  /** Why the hub does not take what it gets; a terminal one stands until somebody acts. */
  readonly refusal: { readonly code: string; readonly text: string } | null;
  /** Hub time minus this node's wall clock, milliseconds; null before the first answer. */
  readonly hubOffsetMs: number | null;
}

/** A reader's health as it is. */
export interface PanelReader {
  readonly id: string;
  readonly model: string;
  readonly state: 'connecting' | 'starting' | 'reading' | 'failed' | 'stopped';
  readonly link: string;
  readonly since: number;
  readonly readsPerSecond: number;
  /** `connected` false or a `fault` marks the bad one; null: the reader can't tell. */
  readonly antennas: readonly {
    readonly port: number;
    readonly connected: boolean | null;
    readonly reads: number;
    readonly fault?: string;
  }[];
  readonly message?: { readonly code: string; readonly text: string };
}

export interface PanelExpectation {
  readonly kind: 'despatchAdvice' | 'order';
  readonly number: string;
  readonly partner: string;
  readonly direction: Direction;
  /** Sum over its lines. */
  readonly quantity: number;
}

/** A document as a person picks it. */
export interface DocumentChoice {
  readonly kind: 'despatchAdvice' | 'order';
  readonly number: string;
}

export type Verdict = Direction | 'stray';

export interface PanelModel {
  snapshot(): PanelState;
  /** Calls `changed` after anything in the state changed, as often as it likes: the server coalesces. Returns the unsubscription. */
  subscribe(changed: () => void): () => void;
  /**
   * Settles undecided items of one passage; resolves when the decision record is committed.
   * @throws Fault DOUBT_UNKNOWN when one of the items is not undecided any more (somebody else was faster): nothing is decided then.
   */
  decide(passage: string, epcs: readonly string[], verdict: Verdict, by: string, reason?: string): Promise<{ readonly decided: number }>;
  /**
   * Makes a document the current one of a door from the next commit on; null takes it away.
   * @throws Fault DOOR_UNKNOWN, DOCUMENT_UNKNOWN
   */
  chooseDocument(door: string, choice: DocumentChoice | null): Promise<void>;
  /**
   * Begins a count, ends a pass, begins another, discards the count or approves it; resolves when that is on disk.
   * @throws Fault ZONE_UNKNOWN, COUNT_OPEN (another one is), COUNT_GONE (this one is not open any more), COUNT_READING (a pass still reads)
   */
  stepCount(step: CountStep): Promise<void>;
}
