import { Fault } from '../../protocol/fault.ts';
import { gtin14 } from '../../protocol/gtin.ts';
import {
  type AllowanceCharge,
  CREDIT_CODES,
  type Identifier,
  type Invoice,
  type InvoiceLine,
  type Party,
  type Period,
  type Totals,
  type VatGroup,
} from './document.ts';
import { every, first, textAt, type XmlElement } from './element.ts';
import { checkLines, type InvoiceReading, identifier, present, presentOrNone, someOf, Terms } from './terms.ts';

const isVat = (scheme: XmlElement): boolean => textAt(scheme, 'cac:TaxScheme/cbc:ID')?.toUpperCase() === 'VAT';

function party(at: XmlElement | undefined): Party {
  if (at === undefined) return {};
  const taxSchemes = every(at, 'cac:PartyTaxScheme');
  const vatScheme = taxSchemes.find(isVat);
  const otherScheme = taxSchemes.find((scheme) => !isVat(scheme));
  const ids = every(at, 'cac:PartyIdentification/cbc:ID')
    .map(identifier)
    .filter((id): id is Identifier => id !== undefined);
  const address = first(at, 'cac:PostalAddress');
  const registered = textAt(at, 'cac:PartyLegalEntity/cbc:RegistrationName');
  const trading = textAt(at, 'cac:PartyName/cbc:Name');
  return present<Party>({
    name: registered ?? trading,
    vat: vatScheme === undefined ? undefined : textAt(vatScheme, 'cbc:CompanyID'),
    legalId: identifier(first(at, 'cac:PartyLegalEntity/cbc:CompanyID')),
    ids: someOf(ids),
    endpoint: identifier(first(at, 'cbc:EndpointID')),
    country: textAt(at, 'cac:PostalAddress/cac:Country/cbc:IdentificationCode'),
    tradingName: registered === undefined ? undefined : trading,
    taxId: otherScheme === undefined ? undefined : textAt(otherScheme, 'cbc:CompanyID'),
    address:
      address === undefined
        ? undefined
        : present<NonNullable<Party['address']>>({
            street: textAt(address, 'cbc:StreetName'),
            city: textAt(address, 'cbc:CityName'),
            postCode: textAt(address, 'cbc:PostalZone'),
          }),
  });
}

const isCharge = (element: XmlElement): boolean => /^(true|1)$/.test(textAt(element, 'cbc:ChargeIndicator') ?? '');

function period(terms: Terms, at: XmlElement, [start, end]: readonly [string, string]): Period | undefined {
  return presentOrNone<Period>({
    start: terms.optionalDate(at, 'cac:InvoicePeriod/cbc:StartDate', start),
    end: terms.optionalDate(at, 'cac:InvoicePeriod/cbc:EndDate', end),
  });
}

/** BT-136 or BT-141; one that says no amount (BR-41, BR-43) or no reason (BR-42, BR-44) is a finding. */
function lineAmounts(terms: Terms, line: XmlElement, charge: boolean): readonly string[] | undefined {
  const id = textAt(line, 'cbc:ID');
  const amounts: string[] = [];
  for (const element of every(line, 'cac:AllowanceCharge')) {
    if (isCharge(element) !== charge) continue;
    const amount = terms.optionalAmount(element, 'cbc:Amount', charge ? 'BT-141' : 'BT-136');
    if (amount === undefined) terms.finding(charge ? 'BR-43' : 'BR-41', id);
    else amounts.push(amount);
    if ((textAt(element, 'cbc:AllowanceChargeReason') ?? textAt(element, 'cbc:AllowanceChargeReasonCode')) === undefined)
      terms.finding(charge ? 'BR-44' : 'BR-42', id);
  }
  return someOf(amounts);
}

function invoiceLine(terms: Terms, line: XmlElement, quantityName: string): InvoiceLine {
  const standard = identifier(first(line, 'cac:Item/cac:StandardItemIdentification/cbc:ID'));
  const subLines = every(line, 'cac:SubInvoiceLine').length + every(line, 'cac:SubCreditNoteLine').length;
  return present<InvoiceLine>({
    id: textAt(line, 'cbc:ID') ?? '',
    quantity: terms.optionalAmount(line, quantityName, 'BT-129'),
    unit: first(line, quantityName)?.attributes.get('unitCode') || undefined,
    net: terms.optionalAmount(line, 'cbc:LineExtensionAmount', 'BT-131'),
    price: terms.optionalAmount(line, 'cac:Price/cbc:PriceAmount', 'BT-146'),
    grossPrice: terms.optionalAmount(line, 'cac:Price/cac:AllowanceCharge/cbc:BaseAmount', 'BT-148'),
    priceDiscount: terms.optionalAmount(line, 'cac:Price/cac:AllowanceCharge/cbc:Amount', 'BT-147'),
    baseQuantity: terms.optionalAmount(line, 'cac:Price/cbc:BaseQuantity', 'BT-149'),
    baseUnit: first(line, 'cac:Price/cbc:BaseQuantity')?.attributes.get('unitCode'),
    gtin: standard === undefined ? undefined : gtin14(standard.id),
    standardId: standard,
    sellerItemId: textAt(line, 'cac:Item/cac:SellersItemIdentification/cbc:ID'),
    buyerItemId: textAt(line, 'cac:Item/cac:BuyersItemIdentification/cbc:ID'),
    name: textAt(line, 'cac:Item/cbc:Name'),
    orderLine: textAt(line, 'cac:OrderLineReference/cbc:LineID'),
    orderRef: textAt(line, 'cac:OrderLineReference/cac:OrderReference/cbc:ID'),
    despatchRef: textAt(line, 'cac:DespatchLineReference/cac:DocumentReference/cbc:ID'),
    vatCategory: textAt(line, 'cac:Item/cac:ClassifiedTaxCategory/cbc:ID'),
    vatRate: terms.optionalAmount(line, 'cac:Item/cac:ClassifiedTaxCategory/cbc:Percent', 'BT-152'),
    allowances: lineAmounts(terms, line, false),
    charges: lineAmounts(terms, line, true),
    period: period(terms, line, ['BT-134', 'BT-135']),
    parentId: undefined,
    lineStatus: undefined,
    subLines: subLines === 0 ? undefined : subLines,
  });
}

function totals(terms: Terms, root: XmlElement, currency: string, taxCurrency: string | undefined): Totals {
  const at = first(root, 'cac:LegalMonetaryTotal') ?? root;
  // BT-110 is in the document's currency; a second TaxTotal holds BT-111 in the accounting currency.
  const taxes = every(root, 'cac:TaxTotal/cbc:TaxAmount');
  const taxIn = (wanted: string | undefined, term: string): string | undefined => {
    const tax = taxes.find((amount) => amount.attributes.get('currencyID') === wanted);
    return wanted === undefined || tax === undefined ? undefined : terms.decimal(tax.text, tax, term);
  };
  return present<Totals>({
    lineNet: terms.optionalAmount(at, 'cbc:LineExtensionAmount', 'BT-106'),
    allowances: terms.optionalAmount(at, 'cbc:AllowanceTotalAmount', 'BT-107'),
    charges: terms.optionalAmount(at, 'cbc:ChargeTotalAmount', 'BT-108'),
    withoutVat: terms.optionalAmount(at, 'cbc:TaxExclusiveAmount', 'BT-109'),
    vat: taxIn(currency, 'BT-110'),
    withVat: terms.amount(at, 'cbc:TaxInclusiveAmount', 'BT-112'),
    prepaid: terms.optionalAmount(at, 'cbc:PrepaidAmount', 'BT-113'),
    rounding: terms.optionalAmount(at, 'cbc:PayableRoundingAmount', 'BT-114'),
    payable: terms.amount(at, 'cbc:PayableAmount', 'BT-115'),
    vatAccounting: taxCurrency === currency ? undefined : taxIn(taxCurrency, 'BT-111'),
  });
}

function vatGroups(terms: Terms, root: XmlElement): readonly VatGroup[] | undefined {
  const groups = every(root, 'cac:TaxTotal/cac:TaxSubtotal').map((group) =>
    present<VatGroup>({
      category: textAt(group, 'cac:TaxCategory/cbc:ID'),
      rate: terms.optionalAmount(group, 'cac:TaxCategory/cbc:Percent', 'BT-119'),
      taxable: terms.optionalAmount(group, 'cbc:TaxableAmount', 'BT-116'),
      tax: terms.optionalAmount(group, 'cbc:TaxAmount', 'BT-117'),
      exemption: textAt(group, 'cac:TaxCategory/cbc:TaxExemptionReason'),
      exemptionCode: textAt(group, 'cac:TaxCategory/cbc:TaxExemptionReasonCode'),
    }),
  );
  return someOf(groups);
}

function allowancesCharges(terms: Terms, root: XmlElement): readonly AllowanceCharge[] | undefined {
  const found = every(root, 'cac:AllowanceCharge').map((element) =>
    present<AllowanceCharge>({
      charge: isCharge(element),
      logistics: undefined,
      amount: terms.optionalAmount(element, 'cbc:Amount', isCharge(element) ? 'BT-99' : 'BT-92'),
      reason: textAt(element, 'cbc:AllowanceChargeReason'),
      reasonCode: textAt(element, 'cbc:AllowanceChargeReasonCode'),
      vatCategory: textAt(element, 'cac:TaxCategory/cbc:ID'),
      vatRate: terms.optionalAmount(element, 'cac:TaxCategory/cbc:Percent', 'BT-96'),
    }),
  );
  return someOf(found);
}

function delivery(terms: Terms, root: XmlElement): Invoice['delivery'] {
  return presentOrNone<NonNullable<Invoice['delivery']>>({
    name: textAt(root, 'cac:Delivery/cac:DeliveryParty/cac:PartyName/cbc:Name'),
    location: identifier(first(root, 'cac:Delivery/cac:DeliveryLocation/cbc:ID')),
    date: terms.optionalDate(root, 'cac:Delivery/cbc:ActualDeliveryDate', 'BT-72'),
    country: textAt(root, 'cac:Delivery/cac:DeliveryLocation/cac:Address/cac:Country/cbc:IdentificationCode'),
  });
}

function payment(root: XmlElement): Invoice['payment'] {
  return presentOrNone<NonNullable<Invoice['payment']>>({
    means: textAt(root, 'cac:PaymentMeans/cbc:PaymentMeansCode'),
    remittance: textAt(root, 'cac:PaymentMeans/cbc:PaymentID'),
    account: textAt(root, 'cac:PaymentMeans/cac:PayeeFinancialAccount/cbc:ID'),
    terms: textAt(root, 'cac:PaymentTerms/cbc:Note'),
  });
}

function preceding(terms: Terms, root: XmlElement): Invoice['preceding'] {
  const found = every(root, 'cac:BillingReference/cac:InvoiceDocumentReference').flatMap((reference) => {
    const number = textAt(reference, 'cbc:ID');
    if (number === undefined) terms.finding('BR-55');
    const issueDate = terms.optionalDate(reference, 'cbc:IssueDate', 'BT-26');
    return number === undefined ? [] : [present<{ number: string; issueDate?: string }>({ number, issueDate })];
  });
  return someOf(found);
}

/**
 * A UBL 2.1 Invoice or CreditNote in the normal form, by the mapping of EN 16931-3-2. Elements it does not know are passed over.
 * @throws Fault UNSUPPORTED_VERSION, MISSING_MANDATORY (all missing terms at once), VALUE_INVALID, LIMIT_SIZE
 */
export function readUbl(root: XmlElement): InvoiceReading {
  const version = textAt(root, 'cbc:UBLVersionID');
  if (version !== undefined && !/^2\.\d+$/.test(version))
    throw new Fault('UNSUPPORTED_VERSION', `the document says UBL ${version.slice(0, 20)}; versions 2.x are read`);
  const credit = root.local === 'CreditNote';
  const terms = new Terms();
  const lines = every(root, credit ? 'cac:CreditNoteLine' : 'cac:InvoiceLine');
  checkLines(lines);
  const typeCode = terms.text(root, credit ? 'cbc:CreditNoteTypeCode' : 'cbc:InvoiceTypeCode', 'BT-3');
  const currency = terms.currency(root, 'cbc:DocumentCurrencyCode');
  const taxCurrency = textAt(root, 'cbc:TaxCurrencyCode');
  const representative = every(root, 'cac:TaxRepresentativeParty/cac:PartyTaxScheme').find(isVat);
  const invoice = present<Invoice>({
    kind: credit || CREDIT_CODES.has(typeCode) ? 'creditNote' : 'invoice',
    v: 1,
    typeCode,
    number: terms.number(root, 'cbc:ID'),
    issueDate: terms.date(root, 'cbc:IssueDate', 'BT-2'),
    currency,
    taxCurrency,
    specification: textAt(root, 'cbc:CustomizationID'),
    process: textAt(root, 'cbc:ProfileID'),
    dueDate: terms.optionalDate(root, credit ? 'cac:PaymentMeans/cbc:PaymentDueDate' : 'cbc:DueDate', 'BT-9'),
    period: period(terms, root, ['BT-73', 'BT-74']),
    buyerReference: textAt(root, 'cbc:BuyerReference'),
    contractRef: textAt(root, 'cac:ContractDocumentReference/cbc:ID'),
    orderRef: textAt(root, 'cac:OrderReference/cbc:ID'),
    salesOrderRef: textAt(root, 'cac:OrderReference/cbc:SalesOrderID'),
    receiptRef: textAt(root, 'cac:ReceiptDocumentReference/cbc:ID'),
    despatchRef: textAt(root, 'cac:DespatchDocumentReference/cbc:ID'),
    preceding: preceding(terms, root),
    seller: party(first(root, 'cac:AccountingSupplierParty/cac:Party')),
    buyer: party(first(root, 'cac:AccountingCustomerParty/cac:Party')),
    representativeVat: representative === undefined ? undefined : textAt(representative, 'cbc:CompanyID'),
    delivery: delivery(terms, root),
    payment: payment(root),
    totals: totals(terms, root, currency, taxCurrency),
    vatGroups: vatGroups(terms, root),
    allowancesCharges: allowancesCharges(terms, root),
    lines: lines.map((line) => invoiceLine(terms, line, credit ? 'cbc:CreditedQuantity' : 'cbc:InvoicedQuantity')),
  });
  terms.check(invoice.seller, invoice.buyer);
  return { syntax: credit ? 'UBL-CreditNote' : 'UBL-Invoice', invoice, findings: terms.findings };
}
