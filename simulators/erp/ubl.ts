import { add, type Decimal, decimal, decimalText, multiply, rescale } from '../../protocol/money.ts';
import type { Company } from '../warehouse/catalog.ts';

/** An invoice as an ERP holds it; BT numbers are those of EN 16931-1. */
export interface Invoice {
  /** BT-1: letters, digits and + - _ / only, at most 35 (French rule BR-FR). */
  readonly number: string;
  /** BT-2, YYYY-MM-DD. */
  readonly issueDate: string;
  /** BT-9. */
  readonly dueDate: string;
  readonly seller: Company;
  readonly buyer: Company;
  /** BT-13. */
  readonly order?: string;
  /** BT-16. */
  readonly despatch?: string;
  /** BT-71, the GLN of the place of delivery. */
  readonly deliverTo?: string;
  /** BT-22, a free note. */
  readonly note?: string;
  readonly lines: readonly InvoiceLine[];
}

export interface InvoiceLine {
  /** BT-126. */
  readonly id: string;
  /** BT-157 with scheme 0160. */
  readonly gtin: string;
  readonly name: string;
  /** BT-129, in pieces. */
  readonly quantity: number;
  /** BT-146, a decimal string. */
  readonly price: string;
}

const CURRENCY = 'EUR';
const VAT_PERCENT = '20';
const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** The mentions that French law wants on an invoice between companies (notes PMT, PMD and AAB of BR-FR). */
const NOTES = [
  '#PMT#Indemnité forfaitaire pour frais de recouvrement : 40 euros.',
  '#PMD#Pénalités de retard : trois fois le taux d’intérêt légal.',
  '#AAB#Pas d’escompte pour paiement anticipé.',
];

const text = (value: string): string => value.replace(/[&<>"]/g, (char) => ESCAPES[char] ?? char);
const cents = (value: Decimal): Decimal => rescale(value, 2);

/** One element; `inner` is text to be escaped, or elements already written. */
function element(name: string, inner: string | readonly string[], attributes: Readonly<Record<string, string>> = {}): string {
  const written = Object.entries(attributes).map(([key, value]) => ` ${key}="${text(value)}"`);
  return `<${name}${written.join('')}>${typeof inner === 'string' ? text(inner) : inner.join('')}</${name}>`;
}

const amount = (name: string, value: Decimal): string => element(`cbc:${name}`, decimalText(cents(value)), { currencyID: CURRENCY });

/** BT-131: quantity times price, rounded once. */
export function lineNet(line: InvoiceLine): Decimal {
  return cents(multiply(decimal(String(line.quantity)), decimal(line.price)));
}

/** BT-106, BT-110 and BT-112: sum of lines, VAT, and both together. */
export function totals(invoice: Invoice): { net: Decimal; vat: Decimal; gross: Decimal } {
  const net = invoice.lines.reduce((sum, line) => add(sum, lineNet(line)), decimal('0.00'));
  const vat = cents(multiply(net, decimal('0.20')));
  return { net, vat, gross: add(net, vat) };
}

function party(role: 'Supplier' | 'Customer', company: Company): string {
  return element(`cac:Accounting${role}Party`, [
    element('cac:Party', [
      // BT-34 and BT-49: the French directory's address is the SIREN under scheme 0225.
      element('cbc:EndpointID', company.siren, { schemeID: '0225' }),
      element('cac:PartyName', [element('cbc:Name', company.name)]),
      element('cac:PostalAddress', [
        element('cbc:CityName', company.city),
        element('cac:Country', [element('cbc:IdentificationCode', 'FR')]),
      ]),
      element('cac:PartyTaxScheme', [element('cbc:CompanyID', company.vat), element('cac:TaxScheme', [element('cbc:ID', 'VAT')])]),
      element('cac:PartyLegalEntity', [
        element('cbc:RegistrationName', company.name),
        element('cbc:CompanyID', company.siren, { schemeID: '0002' }),
      ]),
    ]),
  ]);
}

function category(name: string): string {
  return element(name, [element('cbc:ID', 'S'), element('cbc:Percent', VAT_PERCENT), element('cac:TaxScheme', [element('cbc:ID', 'VAT')])]);
}

function lineElement(line: InvoiceLine): string {
  return element('cac:InvoiceLine', [
    element('cbc:ID', line.id),
    element('cbc:InvoicedQuantity', String(line.quantity), { unitCode: 'H87' }),
    amount('LineExtensionAmount', lineNet(line)),
    element('cac:Item', [
      element('cbc:Name', line.name),
      element('cac:StandardItemIdentification', [element('cbc:ID', line.gtin, { schemeID: '0160' })]),
      category('cac:ClassifiedTaxCategory'),
    ]),
    element('cac:Price', [element('cbc:PriceAmount', line.price, { currencyID: CURRENCY })]),
  ]);
}

/** The invoice as UBL 2.1 in the order of the schema, one tax category, EN 16931 arithmetic (BR-CO-10 to BR-CO-17). */
export function writeUbl(invoice: Invoice): string {
  const { net, vat, gross } = totals(invoice);
  const optional = (value: string | undefined, write: (value: string) => string): string[] => (value === undefined ? [] : [write(value)]);
  const body = [
    element('cbc:CustomizationID', 'urn:cen.eu:en16931:2017'),
    // B1: an ordinary invoice for goods.
    element('cbc:ProfileID', 'B1'),
    element('cbc:ID', invoice.number),
    element('cbc:IssueDate', invoice.issueDate),
    element('cbc:DueDate', invoice.dueDate),
    element('cbc:InvoiceTypeCode', '380'),
    ...[...NOTES, ...optional(invoice.note, (note) => note)].map((note) => element('cbc:Note', note)),
    element('cbc:DocumentCurrencyCode', CURRENCY),
    ...optional(invoice.order, (order) => element('cac:OrderReference', [element('cbc:ID', order)])),
    ...optional(invoice.despatch, (despatch) => element('cac:DespatchDocumentReference', [element('cbc:ID', despatch)])),
    party('Supplier', invoice.seller),
    party('Customer', invoice.buyer),
    ...optional(invoice.deliverTo, (gln) =>
      element('cac:Delivery', [element('cac:DeliveryLocation', [element('cbc:ID', gln, { schemeID: '0088' })])]),
    ),
    element('cac:TaxTotal', [
      amount('TaxAmount', vat),
      element('cac:TaxSubtotal', [amount('TaxableAmount', net), amount('TaxAmount', vat), category('cac:TaxCategory')]),
    ]),
    element('cac:LegalMonetaryTotal', [
      amount('LineExtensionAmount', net),
      amount('TaxExclusiveAmount', net),
      amount('TaxInclusiveAmount', gross),
      amount('PayableAmount', gross),
    ]),
    ...invoice.lines.map(lineElement),
  ];
  const root = element('Invoice', body, {
    xmlns: 'urn:oasis:names:specification:ubl:schema:xsd:Invoice-2',
    'xmlns:cac': 'urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2',
    'xmlns:cbc': 'urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2',
  });
  return `<?xml version="1.0" encoding="UTF-8"?>\n${root}\n`;
}
