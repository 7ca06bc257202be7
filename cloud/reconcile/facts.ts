import type { Direction } from '../../protocol/record.ts';

/** Whether we buy or sell by a document. */
export type Role = 'purchase' | 'sale';

/** What connects a movement to a line, strongest first: same despatch advice, same order, or only item, site and time. */
export type Evidence = 'despatch' | 'order' | 'window';

/** Consecutive ordinals of one entry: [first, count]. */
export type Range = readonly [number, number];

/** Items of one GTIN that one entry moved: each a quantity of one stocking unit. */
export interface MovementGroup {
  readonly entry: number;
  readonly gtin: string;
  readonly direction: Direction;
  readonly site: string;
  /** For the explanation. */
  readonly door?: string;
  /** Effective time, epoch milliseconds. */
  readonly at: number;
  /** Ascending, not overlapping. */
  readonly ordinals: readonly Range[];
  readonly despatchRef?: string;
  readonly orderRef?: string;
  /** The other party, where the despatch advice or order of the movement is known. */
  readonly partner?: string;
  /** Turned away at inspection: not candidates, but they explain what is missing. */
  readonly rejected?: boolean;
  /** Never seen coming in: a later sighting of the same serials proves that they did. */
  readonly inferred?: boolean;
  /** Entry by which the same items last crossed a door the other way: what a return goes back on. */
  readonly previous?: number;
}

/** A line as the document says it: decimals are its own text. */
export interface LineFact {
  /** Unique in its invoice. */
  readonly id: string;
  /** GTIN-14 with a right check digit. */
  readonly gtin?: string;
  /** The line named a GTIN whose check digit is wrong. */
  readonly gtinInvalid?: boolean;
  /** In the document's unit; negative takes goods back. */
  readonly quantity: string;
  /** UN/ECE Recommendation 20 or 21. */
  readonly unit: string;
  /** Net price of `baseQuantity` units (BT-146, BT-149). */
  readonly price?: string;
  readonly baseQuantity?: string;
  /** BT-131, the amount of record. */
  readonly net: string;
  /** The line has allowances or charges of its own, so its amount is not price times quantity. */
  readonly adjusted?: boolean;
  readonly sellerItemId?: string;
  readonly despatchRef?: string;
  readonly orderRef?: string;
  readonly classification?: 'goods' | 'charge' | 'service';
  /** Goods on top that cost nothing, in the document's unit: they may come, nothing is short without them. */
  readonly freeQuantity?: string;
}

export interface InvoiceFact {
  readonly id: string;
  readonly role: Role;
  /** UNTDID 1001 */
  readonly typeCode: string;
  readonly number: string;
  /** YYYY-MM-DD */
  readonly issueDate: string;
  readonly partner: string;
  readonly currency: string;
  readonly despatchRef?: string;
  readonly orderRef?: string;
  /** Our site that the document names. */
  readonly site?: string;
  /** Numbers of the invoices that this one credits or corrects (BT-25). */
  readonly preceding?: readonly string[];
  /** Ids of what it corrects, where numbers do not tell: two years' invoices of one number, or another correction. */
  readonly replaces?: readonly string[];
  /** So many other documents came under its number in its year with other content. */
  readonly contested?: number;
  readonly lines: readonly LineFact[];
}

/** An agreed price of one stocking unit; with `order` it holds for lines of that order alone and comes first. */
export interface Price {
  readonly partner: string;
  readonly gtin: string;
  /** Decimal text. */
  readonly price: string;
  readonly currency: string;
  readonly order?: string;
  /** Whether it is what we pay or what we ask; absent for both. */
  readonly role?: Role;
  /** Valid from, epoch milliseconds; absent means always. */
  readonly from?: number;
  /** Entry that agreed it: of two from one instant the later counts. */
  readonly entry?: number;
}

/** What the master data says of an item. */
export interface ItemFact {
  readonly gtin: string;
  /** Stocking unit. */
  readonly unit: string;
  readonly packs?: readonly { readonly unit: string; readonly quantity: number }[];
  /** GTINs of cases of this item, and how many of it each holds. */
  readonly cases?: readonly { readonly gtin: string; readonly quantity: number }[];
  readonly supplierCodes?: readonly { readonly supplier: string; readonly code: string }[];
  /** This item is sold as its parts: so many of each for one kit. */
  readonly kit?: readonly { readonly gtin: string; readonly quantity: number }[];
}

/** A person accepted, or a payment settled, that these items are what a line bills: nothing displaces them. */
export interface Confirmation {
  readonly document: string;
  readonly line: string;
  readonly entry: number;
  readonly gtin: string;
  readonly ordinals: readonly Range[];
}

export interface Facts {
  readonly invoices: readonly InvoiceFact[];
  readonly movements: readonly MovementGroup[];
  readonly prices: readonly Price[];
  /** Absent items count as pieces without packs. */
  readonly items?: readonly ItemFact[];
  readonly confirmations?: readonly Confirmation[];
}

export type LineStatus =
  | 'MATCHED'
  | 'MATCHED_TOLERANCE'
  | 'SHORT_RECEIVED'
  | 'OVER_RECEIVED'
  | 'NOT_RECEIVED'
  | 'SHORT_SHIPPED'
  | 'OVER_SHIPPED'
  | 'NOT_SHIPPED'
  | 'PRICE_VARIANCE'
  | 'DOUBTFUL_READS'
  | 'RETURN_OPEN'
  | 'ITEM_UNKNOWN'
  | 'UOM_UNKNOWN'
  | 'QTY_FRACTIONAL'
  | 'CHARGE'
  | 'SERVICE';

/** The worst of the line statuses, or what stands in its place on a document that has none to match. */
export type DocumentStatus = LineStatus | 'SUPERSEDED' | 'NO_LINES';

export type FindingCode =
  | 'QUANTITY_SHORT'
  | 'QUANTITY_OVER'
  | 'PRICE_VARIANCE'
  | 'PRICE_WITHIN_TOLERANCE'
  | 'INVOICE_CAP'
  | 'DOUBTFUL_READS'
  | 'INFERRED_RECEIPT'
  | 'QUALITY_REJECTED'
  | 'SITE_MISMATCH'
  | 'GTIN_INVALID'
  | 'ITEM_UNKNOWN'
  | 'UOM_UNKNOWN'
  | 'QTY_FRACTIONAL'
  | 'RETURN_OPEN'
  | 'DUPLICATE_NUMBER'
  | 'SUPERSEDED';

/** A sentence without words: explain.ts renders it. */
export interface Explanation {
  readonly code: string;
  readonly params: { readonly [key: string]: string | number };
}

export interface Finding {
  readonly code: FindingCode;
  /** Absent on findings of the whole document. */
  readonly line?: string;
  /** At stake, in minor units of the document's currency, never negative. */
  readonly amount: number;
  readonly currency: string;
  readonly explanation: Explanation;
}

/** Quantities in stocking units (kits in kits); a negative line has negative ones. */
export interface LineMatch {
  readonly id: string;
  readonly status: LineStatus;
  readonly matched: number;
  readonly short: number;
  readonly over: number;
  readonly explanation: Explanation;
}

/** May a purchase invoice be paid. NONE where the question is not asked: sales, credit notes, superseded invoices. */
export type Gate = 'PAY' | 'PAY_PARTIAL' | 'HOLD' | 'NONE';

export interface DocumentMatch {
  readonly id: string;
  readonly status: DocumentStatus;
  readonly gate: Gate;
  readonly lines: readonly LineMatch[];
  readonly findings: readonly Finding[];
}

/** Items of one entry given to one line. */
export interface Allocation {
  readonly document: string;
  readonly line: string;
  readonly entry: number;
  readonly gtin: string;
  readonly ordinals: readonly Range[];
  readonly quantity: number;
  readonly evidence: Evidence;
  /** By a confirmation. */
  readonly confirmed?: boolean;
}

export interface Match {
  /** By document id. */
  readonly documents: readonly DocumentMatch[];
  /** By document, line, evidence, then entry. */
  readonly allocations: readonly Allocation[];
}
