import type { Json } from '../../protocol/canonical.ts';

/**
 * The normal form of a document, whatever syntax it came in: the terms of EN 16931 under English names (BT-nn beside each). Amounts,
 * quantities and prices are the document's own decimal text: nothing is rounded or recomputed here. It is the body of a `document`
 * entry, so every field is JSON without floats.
 */
export interface Identifier {
  readonly id: string;
  /** ISO 6523 code (0002 SIREN, 0009 SIRET, 0088 GLN) or what the document says. */
  readonly scheme?: string;
}

/** BG-4 seller, BG-7 buyer. */
export interface Party {
  /** BT-27, BT-44 */
  readonly name?: string;
  /** BT-31, BT-48 */
  readonly vat?: string;
  /** BT-30, BT-47: in France the SIREN. */
  readonly legalId?: Identifier;
  /** BT-29, BT-46; one of scheme SEPA is a creditor's (BT-90) and names no party. */
  readonly ids?: readonly Identifier[];
  /** BT-34, BT-49 */
  readonly endpoint?: Identifier;
  /** BT-40, BT-55 */
  readonly country?: string;
  /** BT-28, BT-45 */
  readonly tradingName?: string;
  /** BT-32: a tax registration that is no VAT number. */
  readonly taxId?: string;
  /** BG-5, BG-8: there when the document has one, whatever of it. */
  readonly address?: { readonly street?: string; readonly city?: string; readonly postCode?: string };
}

/** BG-25 invoice line. */
export interface InvoiceLine {
  /** BT-126 */
  readonly id: string;
  /** BT-129; negative on a line that takes goods back. What a line lacks of BT-129 to 131 and 146 is a finding. */
  readonly quantity?: string;
  /** BT-130, UN/ECE Recommendation 20 */
  readonly unit?: string;
  /** BT-131: the amount of record, without VAT. */
  readonly net?: string;
  /** BT-146: net price of `baseQuantity` units. */
  readonly price?: string;
  /** BT-148 and BT-147: the discount is inside BT-146 already. */
  readonly grossPrice?: string;
  readonly priceDiscount?: string;
  /** BT-149; absent means 1. */
  readonly baseQuantity?: string;
  /** BT-150 */
  readonly baseUnit?: string;
  /** BT-157 where it is a valid GTIN, as 14 digits. */
  readonly gtin?: string;
  /** BT-157 as it stands. */
  readonly standardId?: Identifier;
  /** BT-155 */
  readonly sellerItemId?: string;
  /** BT-156 */
  readonly buyerItemId?: string;
  /** BT-153 */
  readonly name?: string;
  /** BT-132 */
  readonly orderLine?: string;
  /** EXT-FR-FE: despatch advice of this line alone. */
  readonly despatchRef?: string;
  /** EXT-FR-FE: order of this line alone. */
  readonly orderRef?: string;
  /** BT-151, BT-152 */
  readonly vatCategory?: string;
  readonly vatRate?: string;
  /** Sums are not taken: BT-136 and BT-141, each as it stands. */
  readonly allowances?: readonly string[];
  readonly charges?: readonly string[];
  /** BT-134, BT-135 */
  readonly period?: Period;
  /** EXTENDED: the line this one is a part of, and DETAIL, GROUP or INFORMATION. The last two ask for no goods. */
  readonly parentId?: string;
  readonly lineStatus?: string;
  /** Lines nested in this one (XRechnung extension), which its amount contains. */
  readonly subLines?: number;
}

/** BG-14, BG-26; days as YYYY-MM-DD. */
export interface Period {
  readonly start?: string;
  readonly end?: string;
}

/** BG-22; all with the document's own decimals. */
export interface Totals {
  /** BT-106 */
  readonly lineNet?: string;
  /** BT-107 */
  readonly allowances?: string;
  /** BT-108 */
  readonly charges?: string;
  /** BT-109 */
  readonly withoutVat?: string;
  /** BT-110 */
  readonly vat?: string;
  /** BT-112 */
  readonly withVat: string;
  /** BT-113 */
  readonly prepaid?: string;
  /** BT-114 */
  readonly rounding?: string;
  /** BT-115 */
  readonly payable: string;
  /** BT-111, in the currency BT-6 */
  readonly vatAccounting?: string;
}

/** BG-23 */
export interface VatGroup {
  readonly category?: string;
  readonly rate?: string;
  readonly taxable?: string;
  readonly tax?: string;
  /** BT-120, BT-121 */
  readonly exemption?: string;
  readonly exemptionCode?: string;
}

/** BG-20 and BG-21 of the whole document. */
export interface AllowanceCharge {
  readonly charge: boolean;
  /** EXTENDED: a logistics service charge; it counts in BT-108 although EN 16931 does not know it. */
  readonly logistics?: true;
  readonly amount?: string;
  readonly reason?: string;
  readonly reasonCode?: string;
  readonly vatCategory?: string;
  readonly vatRate?: string;
}

export interface Invoice {
  /** creditNote for the type codes whose amounts are credited although they are positive. */
  readonly kind: 'invoice' | 'creditNote';
  readonly v: 1;
  /** BT-3, UNTDID 1001 */
  readonly typeCode: string;
  /** BT-1 */
  readonly number: string;
  /** BT-2, YYYY-MM-DD */
  readonly issueDate: string;
  /** BT-5 */
  readonly currency: string;
  /** BT-24, BT-23 */
  readonly specification?: string;
  readonly process?: string;
  /** BT-9 */
  readonly dueDate?: string;
  /** BT-6 */
  readonly taxCurrency?: string;
  /** BG-14 */
  readonly period?: Period;
  /** BT-12 */
  readonly contractRef?: string;
  /** BT-10 */
  readonly buyerReference?: string;
  /** BT-13 */
  readonly orderRef?: string;
  /** BT-14 */
  readonly salesOrderRef?: string;
  /** BT-15 */
  readonly receiptRef?: string;
  /** BT-16 */
  readonly despatchRef?: string;
  /** BT-25, BT-26 */
  readonly preceding?: readonly { readonly number: string; readonly issueDate?: string }[];
  readonly seller: Party;
  readonly buyer: Party;
  /** BT-63: VAT number of the seller's tax representative. */
  readonly representativeVat?: string;
  /** BT-70, BT-71, BT-72, BT-80 */
  readonly delivery?: { readonly name?: string; readonly location?: Identifier; readonly date?: string; readonly country?: string };
  /** BT-81, BT-83, BT-84, BT-20 */
  readonly payment?: { readonly means?: string; readonly remittance?: string; readonly account?: string; readonly terms?: string };
  readonly totals: Totals;
  readonly vatGroups?: readonly VatGroup[];
  readonly allowancesCharges?: readonly AllowanceCharge[];
  readonly lines: readonly InvoiceLine[];
}

interface Advised {
  readonly v: 1;
  readonly number: string;
  readonly issueDate: string;
  readonly seller: Party;
  readonly buyer: Party;
}

/** One line of an order or a despatch advice: whole stocking units. */
export interface GoodsLine {
  readonly id: string;
  readonly gtin: string;
  readonly quantity: number;
  readonly name?: string;
}

/** A purchase or sales order, mirrored from the user's system. */
export interface Order extends Advised {
  readonly kind: 'order';
  readonly currency?: string;
  /** The site the goods come to or leave from; absent means any site. */
  readonly site?: string;
  /** Prices are per stocking unit. */
  readonly lines: readonly (GoodsLine & { readonly price?: string })[];
}

/** What a despatch advice says is on its way. */
export interface DespatchAdvice extends Advised {
  readonly kind: 'despatchAdvice';
  readonly orderRef?: string;
  readonly site?: string;
  /** Logistic units, 18 digits each: how a door recognises the document. */
  readonly ssccs?: readonly string[];
  readonly lines: readonly GoodsLine[];
}

export type Document = Invoice | Order | DespatchAdvice;
export type DocumentKind = Document['kind'];

/** The body of a `document` entry: the normal form, and where its bytes stand in the archive. */
export type DocumentBody = Document & {
  /** SHA-256 of the original bytes, lower-case hexadecimal. */
  readonly original: string;
  readonly contentType: string;
  /** What the reader found against the rules of EN 16931; no part of the content, so that a new rule makes no new document. */
  readonly findings?: readonly RuleFinding[];
};

/** A breach of a business rule: told, never put right. */
export interface RuleFinding {
  /** BR-CO-10 … by EN 16931-1, or one of our own in capitals. */
  readonly code: string;
  /** BT-126 of the line it is about. */
  readonly line?: string;
  /** What the document says and what the rule asks for, where both are values. */
  readonly found?: string;
  readonly expected?: string;
}

/** UNTDID 1001 codes that credit: their positive amounts go the other way. */
export const CREDIT_CODES: ReadonlySet<string> = new Set(['261', '262', '381', '396', '502', '503']);
/** Codes that replace the invoice they name in BT-25. */
export const CORRECTED_CODES: ReadonlySet<string> = new Set(['384', '471', '472', '473']);
/** Codes of a payment in advance: no goods move for them. */
export const PREPAYMENT_CODES: ReadonlySet<string> = new Set(['386', '500', '502', '503']);

/** A document as plain JSON, for hashing and for an entry. Members that are undefined are left out by the canonical form. */
export function asJson(document: Document): Json {
  return document as unknown as Json;
}
