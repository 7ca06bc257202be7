import { Fault } from '../../protocol/fault.ts';
import { gtin14 } from '../../protocol/gtin.ts';
import {
  type AllowanceCharge,
  CREDIT_CODES,
  type Identifier,
  type Invoice,
  type InvoiceLine,
  type Party,
  type Totals,
  type VatGroup,
} from './document.ts';
import { every, first, textAt, type XmlElement } from './element.ts';
import { Terms } from './terms.ts';

/** A ledger entry holds 1 MB: some 3,000 lines with long names, 5,000 short ones. */
export const MAX_LINES = 5000;

/** BT-5 by ISO 4217. */
const CURRENCY = /^[A-Z]{3}$/;
/** BT-1: as long as the number of an order or a despatch advice may be (json.ts), 35 in EN 16931 practice. */
const NUMBER = /^\P{Cc}{1,80}$/u;

/** Members whose value is undefined are left out, as `exactOptionalPropertyTypes` wants them. */
function present<T extends object>(values: { [K in keyof T]: T[K] | undefined }): T {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as T;
}

function identifier(element: XmlElement | undefined): Identifier | undefined {
  if (element === undefined || element.text === '') return undefined;
  return present<Identifier>({ id: element.text, scheme: element.attributes.get('schemeID') });
}

function party(root: XmlElement, path: string): Party {
  const at = first(root, `${path}/cac:Party`);
  if (at === undefined) return {};
  const vatScheme = every(at, 'cac:PartyTaxScheme').find((scheme) => textAt(scheme, 'cac:TaxScheme/cbc:ID')?.toUpperCase() === 'VAT');
  // A SEPA creditor identifier stands among the identifiers but names no party (BT-90).
  const ids = every(at, 'cac:PartyIdentification/cbc:ID')
    .map(identifier)
    .filter((id): id is Identifier => id !== undefined && id.scheme !== 'SEPA');
  return present<Party>({
    name: textAt(at, 'cac:PartyLegalEntity/cbc:RegistrationName') ?? textAt(at, 'cac:PartyName/cbc:Name'),
    vat: vatScheme === undefined ? undefined : textAt(vatScheme, 'cbc:CompanyID'),
    legalId: identifier(first(at, 'cac:PartyLegalEntity/cbc:CompanyID')),
    ids: ids.length === 0 ? undefined : ids,
    endpoint: identifier(first(at, 'cbc:EndpointID')),
    country: textAt(at, 'cac:PostalAddress/cac:Country/cbc:IdentificationCode'),
  });
}

const isCharge = (element: XmlElement): boolean => textAt(element, 'cbc:ChargeIndicator') === 'true';

function lineAmounts(terms: Terms, line: XmlElement, charge: boolean): readonly string[] | undefined {
  const found = every(line, 'cac:AllowanceCharge').filter((element) => isCharge(element) === charge);
  if (found.length === 0) return undefined;
  return found.map((element) => terms.amount(element, 'cbc:Amount', charge ? 'BT-141' : 'BT-136'));
}

function invoiceLine(terms: Terms, line: XmlElement, quantityName: string): InvoiceLine {
  const quantity = first(line, quantityName);
  const standard = identifier(first(line, 'cac:Item/cac:StandardItemIdentification/cbc:ID'));
  const order = textAt(line, 'cac:OrderLineReference/cbc:LineID');
  const base = first(line, 'cac:Price/cbc:BaseQuantity');
  return present<InvoiceLine>({
    id: terms.text(line, 'cbc:ID', 'BT-126'),
    quantity: terms.amount(line, quantityName, 'BT-129'),
    unit: terms.required(quantity?.attributes.get('unitCode'), line, 'BT-130'),
    net: terms.amount(line, 'cbc:LineExtensionAmount', 'BT-131'),
    price: terms.amount(line, 'cac:Price/cbc:PriceAmount', 'BT-146'),
    baseQuantity: terms.optionalAmount(line, 'cac:Price/cbc:BaseQuantity', 'BT-149'),
    baseUnit: base?.attributes.get('unitCode'),
    gtin: standard === undefined ? undefined : gtin14(standard.id),
    standardId: standard,
    sellerItemId: textAt(line, 'cac:Item/cac:SellersItemIdentification/cbc:ID'),
    buyerItemId: textAt(line, 'cac:Item/cac:BuyersItemIdentification/cbc:ID'),
    name: textAt(line, 'cac:Item/cbc:Name'),
    // Peppol writes NA where only the order itself is known.
    orderLine: order === 'NA' ? undefined : order,
    orderRef: textAt(line, 'cac:OrderLineReference/cac:OrderReference/cbc:ID'),
    despatchRef: textAt(line, 'cac:DespatchLineReference/cac:DocumentReference/cbc:ID'),
    vatCategory: textAt(line, 'cac:Item/cac:ClassifiedTaxCategory/cbc:ID'),
    vatRate: terms.optionalAmount(line, 'cac:Item/cac:ClassifiedTaxCategory/cbc:Percent', 'BT-152'),
    allowances: lineAmounts(terms, line, false),
    charges: lineAmounts(terms, line, true),
  });
}

function totals(terms: Terms, root: XmlElement, currency: string): Totals {
  const at = first(root, 'cac:LegalMonetaryTotal') ?? root;
  // BT-110 is in the document's currency; a second TaxTotal holds BT-111 in the accounting currency.
  const tax = every(root, 'cac:TaxTotal/cbc:TaxAmount').find((amount) => amount.attributes.get('currencyID') === currency);
  return present<Totals>({
    lineNet: terms.optionalAmount(at, 'cbc:LineExtensionAmount', 'BT-106'),
    allowances: terms.optionalAmount(at, 'cbc:AllowanceTotalAmount', 'BT-107'),
    charges: terms.optionalAmount(at, 'cbc:ChargeTotalAmount', 'BT-108'),
    withoutVat: terms.optionalAmount(at, 'cbc:TaxExclusiveAmount', 'BT-109'),
    vat: tax === undefined ? undefined : terms.decimal(tax.text, tax, 'BT-110'),
    withVat: terms.amount(at, 'cbc:TaxInclusiveAmount', 'BT-112'),
    prepaid: terms.optionalAmount(at, 'cbc:PrepaidAmount', 'BT-113'),
    rounding: terms.optionalAmount(at, 'cbc:PayableRoundingAmount', 'BT-114'),
    payable: terms.amount(at, 'cbc:PayableAmount', 'BT-115'),
  });
}

function vatGroups(terms: Terms, root: XmlElement): readonly VatGroup[] | undefined {
  const groups = every(root, 'cac:TaxTotal/cac:TaxSubtotal').map((group) =>
    present<VatGroup>({
      category: textAt(group, 'cac:TaxCategory/cbc:ID'),
      rate: terms.optionalAmount(group, 'cac:TaxCategory/cbc:Percent', 'BT-119'),
      taxable: terms.amount(group, 'cbc:TaxableAmount', 'BT-116'),
      tax: terms.amount(group, 'cbc:TaxAmount', 'BT-117'),
    }),
  );
  return groups.length === 0 ? undefined : groups;
}

function allowancesCharges(terms: Terms, root: XmlElement): readonly AllowanceCharge[] | undefined {
  const found = every(root, 'cac:AllowanceCharge').map((element) =>
    present<AllowanceCharge>({
      charge: isCharge(element),
      amount: terms.amount(element, 'cbc:Amount', isCharge(element) ? 'BT-99' : 'BT-92'),
      reason: textAt(element, 'cbc:AllowanceChargeReason'),
      reasonCode: textAt(element, 'cbc:AllowanceChargeReasonCode'),
      vatCategory: textAt(element, 'cac:TaxCategory/cbc:ID'),
      vatRate: terms.optionalAmount(element, 'cac:TaxCategory/cbc:Percent', 'BT-96'),
    }),
  );
  return found.length === 0 ? undefined : found;
}

function delivery(terms: Terms, root: XmlElement): Invoice['delivery'] {
  const values = present<NonNullable<Invoice['delivery']>>({
    name: textAt(root, 'cac:Delivery/cac:DeliveryParty/cac:PartyName/cbc:Name'),
    location: identifier(first(root, 'cac:Delivery/cac:DeliveryLocation/cbc:ID')),
    date: terms.optionalDate(root, 'cac:Delivery/cbc:ActualDeliveryDate', 'BT-72'),
  });
  return Object.keys(values).length === 0 ? undefined : values;
}

function payment(root: XmlElement): Invoice['payment'] {
  const values = present<NonNullable<Invoice['payment']>>({
    means: textAt(root, 'cac:PaymentMeans/cbc:PaymentMeansCode'),
    remittance: textAt(root, 'cac:PaymentMeans/cbc:PaymentID'),
    account: textAt(root, 'cac:PaymentMeans/cac:PayeeFinancialAccount/cbc:ID'),
  });
  return Object.keys(values).length === 0 ? undefined : values;
}

function preceding(terms: Terms, root: XmlElement): Invoice['preceding'] {
  const found = every(root, 'cac:BillingReference/cac:InvoiceDocumentReference').map((reference) =>
    present<{ number: string; issueDate?: string }>({
      number: terms.text(reference, 'cbc:ID', 'BT-25'),
      issueDate: terms.optionalDate(reference, 'cbc:IssueDate', 'BT-26'),
    }),
  );
  return found.length === 0 ? undefined : found;
}

/**
 * A UBL 2.1 Invoice or CreditNote in the normal form, by the mapping of EN 16931-3-2. Elements it does not know are passed over.
 * @throws Fault UNSUPPORTED_VERSION, MISSING_MANDATORY (all missing terms at once), VALUE_INVALID, LIMIT_SIZE
 */
export function readUbl(root: XmlElement): Invoice {
  const version = textAt(root, 'cbc:UBLVersionID');
  if (version !== undefined && !/^2\.\d+$/.test(version))
    throw new Fault('UNSUPPORTED_VERSION', `the document says UBL ${version.slice(0, 20)}; versions 2.x are read`);
  const credit = root.local === 'CreditNote';
  const terms = new Terms();
  const lines = every(root, credit ? 'cac:CreditNoteLine' : 'cac:InvoiceLine');
  if (lines.length > MAX_LINES) throw new Fault('LIMIT_SIZE', `${lines.length} lines, more than ${MAX_LINES}: split the invoice`);
  const typeCode = terms.text(root, credit ? 'cbc:CreditNoteTypeCode' : 'cbc:InvoiceTypeCode', 'BT-3');
  const currency = terms.formed(root, 'cbc:DocumentCurrencyCode', 'BT-5', CURRENCY, 'ISO 4217 code such as EUR');
  const invoice = present<Invoice>({
    kind: credit || CREDIT_CODES.has(typeCode) ? 'creditNote' : 'invoice',
    v: 1,
    typeCode,
    number: terms.formed(root, 'cbc:ID', 'BT-1', NUMBER, 'number of 1 to 80 characters on one line'),
    issueDate: terms.date(root, 'cbc:IssueDate', 'BT-2'),
    currency,
    specification: textAt(root, 'cbc:CustomizationID'),
    process: textAt(root, 'cbc:ProfileID'),
    dueDate: terms.optionalDate(root, credit ? 'cac:PaymentMeans/cbc:PaymentDueDate' : 'cbc:DueDate', 'BT-9'),
    buyerReference: textAt(root, 'cbc:BuyerReference'),
    orderRef: textAt(root, 'cac:OrderReference/cbc:ID'),
    salesOrderRef: textAt(root, 'cac:OrderReference/cbc:SalesOrderID'),
    receiptRef: textAt(root, 'cac:ReceiptDocumentReference/cbc:ID'),
    despatchRef: textAt(root, 'cac:DespatchDocumentReference/cbc:ID'),
    preceding: preceding(terms, root),
    seller: party(root, 'cac:AccountingSupplierParty'),
    buyer: party(root, 'cac:AccountingCustomerParty'),
    delivery: delivery(terms, root),
    payment: payment(root),
    totals: totals(terms, root, currency),
    vatGroups: vatGroups(terms, root),
    allowancesCharges: allowancesCharges(terms, root),
    lines: lines.map((line) => invoiceLine(terms, line, credit ? 'cbc:CreditedQuantity' : 'cbc:InvoicedQuantity')),
  });
  terms.check(invoice.seller, invoice.buyer);
  return invoice;
}
