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
import { every, first, textAt, XmlElement } from './element.ts';
import { checkLines, type InvoiceReading, identifier, present, presentOrNone, someOf, Terms } from './terms.ts';

const AGREEMENT = 'rsm:SupplyChainTradeTransaction/ram:ApplicableHeaderTradeAgreement';
const DELIVERY = 'rsm:SupplyChainTradeTransaction/ram:ApplicableHeaderTradeDelivery';
const SETTLEMENT = 'rsm:SupplyChainTradeTransaction/ram:ApplicableHeaderTradeSettlement';

/** Steps that stand in the place of a part the document lacks: nothing is found under it. */
const part = (root: XmlElement, path: string): XmlElement => first(root, path) ?? new XmlElement(root.namespace, root.local, root.line);

/** The first tax registration of a scheme: VA for VAT, FC for another one. */
function registration(at: XmlElement, scheme: string): string | undefined {
  const text = every(at, 'ram:SpecifiedTaxRegistration/ram:ID').find((id) => id.attributes.get('schemeID') === scheme)?.text;
  return text === '' ? undefined : text;
}

function party(at: XmlElement | undefined): Party {
  if (at === undefined) return {};
  const ids = [...every(at, 'ram:ID'), ...every(at, 'ram:GlobalID')].map(identifier).filter((id): id is Identifier => id !== undefined);
  const address = first(at, 'ram:PostalTradeAddress');
  return present<Party>({
    name: textAt(at, 'ram:Name'),
    vat: registration(at, 'VA'),
    legalId: identifier(first(at, 'ram:SpecifiedLegalOrganization/ram:ID')),
    ids: someOf(ids),
    endpoint: identifier(first(at, 'ram:URIUniversalCommunication/ram:URIID')),
    country: textAt(at, 'ram:PostalTradeAddress/ram:CountryID'),
    tradingName: textAt(at, 'ram:SpecifiedLegalOrganization/ram:TradingBusinessName'),
    taxId: registration(at, 'FC'),
    address:
      address === undefined
        ? undefined
        : present<NonNullable<Party['address']>>({
            street: textAt(address, 'ram:LineOne'),
            city: textAt(address, 'ram:CityName'),
            postCode: textAt(address, 'ram:PostcodeCode'),
          }),
  });
}

const isCharge = (element: XmlElement): boolean => /^(true|1)$/.test(textAt(element, 'ram:ChargeIndicator/udt:Indicator') ?? '');

function period(terms: Terms, at: XmlElement, [start, end]: readonly [string, string]): Period | undefined {
  return presentOrNone<Period>({
    start: terms.optionalDate(at, 'ram:BillingSpecifiedPeriod/ram:StartDateTime/udt:DateTimeString', start),
    end: terms.optionalDate(at, 'ram:BillingSpecifiedPeriod/ram:EndDateTime/udt:DateTimeString', end),
  });
}

/** BT-136 or BT-141; one that says no amount (BR-41, BR-43) or no reason (BR-42, BR-44) is a finding. */
function lineAmounts(terms: Terms, settlement: XmlElement, charge: boolean, id: string | undefined): readonly string[] | undefined {
  const amounts: string[] = [];
  for (const element of every(settlement, 'ram:SpecifiedTradeAllowanceCharge')) {
    if (isCharge(element) !== charge) continue;
    const amount = terms.optionalAmount(element, 'ram:ActualAmount', charge ? 'BT-141' : 'BT-136');
    if (amount === undefined) terms.finding(charge ? 'BR-43' : 'BR-41', id);
    else amounts.push(amount);
    if ((textAt(element, 'ram:Reason') ?? textAt(element, 'ram:ReasonCode')) === undefined) terms.finding(charge ? 'BR-44' : 'BR-42', id);
  }
  return someOf(amounts);
}

function invoiceLine(terms: Terms, line: XmlElement): InvoiceLine {
  const document = part(line, 'ram:AssociatedDocumentLineDocument');
  const product = part(line, 'ram:SpecifiedTradeProduct');
  const agreement = part(line, 'ram:SpecifiedLineTradeAgreement');
  const delivered = part(line, 'ram:SpecifiedLineTradeDelivery');
  const settlement = part(line, 'ram:SpecifiedLineTradeSettlement');
  const id = textAt(document, 'ram:LineID');
  const standard = identifier(first(product, 'ram:GlobalID'));
  const [net, gross] = ['ram:NetPriceProductTradePrice', 'ram:GrossPriceProductTradePrice'];
  // BT-149 may stand at either price: it is one for both.
  const basis = [`${net}/ram:BasisQuantity`, `${gross}/ram:BasisQuantity`].find((path) => textAt(agreement, path) !== undefined);
  return present<InvoiceLine>({
    id: id ?? '',
    quantity: terms.optionalAmount(delivered, 'ram:BilledQuantity', 'BT-129'),
    unit: first(delivered, 'ram:BilledQuantity')?.attributes.get('unitCode') || undefined,
    net: terms.optionalAmount(settlement, 'ram:SpecifiedTradeSettlementLineMonetarySummation/ram:LineTotalAmount', 'BT-131'),
    price: terms.optionalAmount(agreement, `${net}/ram:ChargeAmount`, 'BT-146'),
    grossPrice: terms.optionalAmount(agreement, `${gross}/ram:ChargeAmount`, 'BT-148'),
    priceDiscount: terms.optionalAmount(agreement, `${gross}/ram:AppliedTradeAllowanceCharge/ram:ActualAmount`, 'BT-147'),
    baseQuantity: basis === undefined ? undefined : terms.optionalAmount(agreement, basis, 'BT-149'),
    baseUnit: basis === undefined ? undefined : first(agreement, basis)?.attributes.get('unitCode'),
    gtin: standard === undefined ? undefined : gtin14(standard.id),
    standardId: standard,
    sellerItemId: textAt(product, 'ram:SellerAssignedID'),
    buyerItemId: textAt(product, 'ram:BuyerAssignedID'),
    name: textAt(product, 'ram:Name'),
    orderLine: textAt(agreement, 'ram:BuyerOrderReferencedDocument/ram:LineID'),
    orderRef: textAt(agreement, 'ram:BuyerOrderReferencedDocument/ram:IssuerAssignedID'),
    despatchRef: textAt(delivered, 'ram:DespatchAdviceReferencedDocument/ram:IssuerAssignedID'),
    vatCategory: textAt(settlement, 'ram:ApplicableTradeTax/ram:CategoryCode'),
    vatRate: terms.optionalAmount(settlement, 'ram:ApplicableTradeTax/ram:RateApplicablePercent', 'BT-152'),
    allowances: lineAmounts(terms, settlement, false, id),
    charges: lineAmounts(terms, settlement, true, id),
    period: period(terms, settlement, ['BT-134', 'BT-135']),
    parentId: textAt(document, 'ram:ParentLineID'),
    lineStatus: textAt(document, 'ram:LineStatusReasonCode'),
    subLines: undefined,
  });
}

function totals(terms: Terms, settlement: XmlElement, currency: string, taxCurrency: string | undefined): Totals {
  const at = part(settlement, 'ram:SpecifiedTradeSettlementHeaderMonetarySummation');
  const taxes = every(at, 'ram:TaxTotalAmount');
  const inCurrency = (wanted: string | undefined) => taxes.find((amount) => amount.attributes.get('currencyID') === wanted);
  // Some writers leave out the currency of BT-110.
  const tax = inCurrency(currency) ?? inCurrency(undefined);
  const accounting = taxCurrency === undefined || taxCurrency === currency ? undefined : inCurrency(taxCurrency);
  return present<Totals>({
    lineNet: terms.optionalAmount(at, 'ram:LineTotalAmount', 'BT-106'),
    allowances: terms.optionalAmount(at, 'ram:AllowanceTotalAmount', 'BT-107'),
    charges: terms.optionalAmount(at, 'ram:ChargeTotalAmount', 'BT-108'),
    withoutVat: terms.optionalAmount(at, 'ram:TaxBasisTotalAmount', 'BT-109'),
    vat: tax === undefined || tax.text === '' ? undefined : terms.decimal(tax.text, tax, 'BT-110'),
    withVat: terms.amount(at, 'ram:GrandTotalAmount', 'BT-112'),
    prepaid: terms.optionalAmount(at, 'ram:TotalPrepaidAmount', 'BT-113'),
    rounding: terms.optionalAmount(at, 'ram:RoundingAmount', 'BT-114'),
    payable: terms.amount(at, 'ram:DuePayableAmount', 'BT-115'),
    vatAccounting: accounting === undefined ? undefined : terms.decimal(accounting.text, accounting, 'BT-111'),
  });
}

function vatGroups(terms: Terms, settlement: XmlElement): readonly VatGroup[] | undefined {
  const groups = every(settlement, 'ram:ApplicableTradeTax').map((group) =>
    present<VatGroup>({
      category: textAt(group, 'ram:CategoryCode'),
      rate: terms.optionalAmount(group, 'ram:RateApplicablePercent', 'BT-119'),
      taxable: terms.optionalAmount(group, 'ram:BasisAmount', 'BT-116'),
      tax: terms.optionalAmount(group, 'ram:CalculatedAmount', 'BT-117'),
      exemption: textAt(group, 'ram:ExemptionReason'),
      exemptionCode: textAt(group, 'ram:ExemptionReasonCode'),
    }),
  );
  return someOf(groups);
}

function allowancesCharges(terms: Terms, settlement: XmlElement): readonly AllowanceCharge[] | undefined {
  const known = every(settlement, 'ram:SpecifiedTradeAllowanceCharge').map((element) =>
    present<AllowanceCharge>({
      charge: isCharge(element),
      logistics: undefined,
      amount: terms.optionalAmount(element, 'ram:ActualAmount', isCharge(element) ? 'BT-99' : 'BT-92'),
      reason: textAt(element, 'ram:Reason'),
      reasonCode: textAt(element, 'ram:ReasonCode'),
      vatCategory: textAt(element, 'ram:CategoryTradeTax/ram:CategoryCode'),
      vatRate: terms.optionalAmount(element, 'ram:CategoryTradeTax/ram:RateApplicablePercent', 'BT-96'),
    }),
  );
  const logistics = every(settlement, 'ram:SpecifiedLogisticsServiceCharge').map((element) =>
    present<AllowanceCharge>({
      charge: true,
      logistics: true,
      amount: terms.optionalAmount(element, 'ram:AppliedAmount', 'BT-99'),
      reason: textAt(element, 'ram:Description'),
      reasonCode: undefined,
      vatCategory: textAt(element, 'ram:AppliedTradeTax/ram:CategoryCode'),
      vatRate: terms.optionalAmount(element, 'ram:AppliedTradeTax/ram:RateApplicablePercent', 'BT-96'),
    }),
  );
  return someOf([...known, ...logistics]);
}

function delivery(terms: Terms, at: XmlElement): Invoice['delivery'] {
  const place = part(at, 'ram:ShipToTradeParty');
  return presentOrNone<NonNullable<Invoice['delivery']>>({
    name: textAt(place, 'ram:Name'),
    location: identifier(first(place, 'ram:GlobalID')) ?? identifier(first(place, 'ram:ID')),
    date: terms.optionalDate(at, 'ram:ActualDeliverySupplyChainEvent/ram:OccurrenceDateTime/udt:DateTimeString', 'BT-72'),
    country: textAt(place, 'ram:PostalTradeAddress/ram:CountryID'),
  });
}

function payment(settlement: XmlElement): Invoice['payment'] {
  const means = 'ram:SpecifiedTradeSettlementPaymentMeans';
  const account = `${means}/ram:PayeePartyCreditorFinancialAccount`;
  return presentOrNone<NonNullable<Invoice['payment']>>({
    means: textAt(settlement, `${means}/ram:TypeCode`),
    remittance: textAt(settlement, 'ram:PaymentReference'),
    account: textAt(settlement, `${account}/ram:IBANID`) ?? textAt(settlement, `${account}/ram:ProprietaryID`),
    terms: textAt(settlement, 'ram:SpecifiedTradePaymentTerms/ram:Description'),
  });
}

function preceding(terms: Terms, settlement: XmlElement): Invoice['preceding'] {
  const found = every(settlement, 'ram:InvoiceReferencedDocument').flatMap((reference) => {
    const number = textAt(reference, 'ram:IssuerAssignedID');
    if (number === undefined) terms.finding('BR-55');
    const issueDate = terms.optionalDate(reference, 'ram:FormattedIssueDateTime/qdt:DateTimeString', 'BT-26');
    return number === undefined ? [] : [present<{ number: string; issueDate?: string }>({ number, issueDate })];
  });
  return someOf(found);
}

/**
 * A UN/CEFACT Cross Industry Invoice (D16B, D22B) in the normal form, by the mapping of EN 16931-3-3; profiles from MINIMUM, which has no
 * lines, to EXTENDED. Elements it does not know are passed over: D22B only adds some.
 * @throws Fault MISSING_MANDATORY (all missing terms at once), VALUE_INVALID, LIMIT_SIZE
 */
export function readCii(root: XmlElement): InvoiceReading {
  const terms = new Terms();
  const lines = every(root, 'rsm:SupplyChainTradeTransaction/ram:IncludedSupplyChainTradeLineItem');
  checkLines(lines);
  const [agreement, delivered, settlement] = [part(root, AGREEMENT), part(root, DELIVERY), part(root, SETTLEMENT)];
  const context = part(root, 'rsm:ExchangedDocumentContext');
  const typeCode = terms.text(root, 'rsm:ExchangedDocument/ram:TypeCode', 'BT-3');
  const currency = terms.currency(settlement, 'ram:InvoiceCurrencyCode');
  const taxCurrency = textAt(settlement, 'ram:TaxCurrencyCode');
  const representative = first(agreement, 'ram:SellerTaxRepresentativeTradeParty');
  const invoice = present<Invoice>({
    kind: CREDIT_CODES.has(typeCode) ? 'creditNote' : 'invoice',
    v: 1,
    typeCode,
    number: terms.number(root, 'rsm:ExchangedDocument/ram:ID'),
    issueDate: terms.date(root, 'rsm:ExchangedDocument/ram:IssueDateTime/udt:DateTimeString', 'BT-2'),
    currency,
    taxCurrency,
    specification: textAt(context, 'ram:GuidelineSpecifiedDocumentContextParameter/ram:ID'),
    process: textAt(context, 'ram:BusinessProcessSpecifiedDocumentContextParameter/ram:ID'),
    dueDate: terms.optionalDate(settlement, 'ram:SpecifiedTradePaymentTerms/ram:DueDateDateTime/udt:DateTimeString', 'BT-9'),
    period: period(terms, settlement, ['BT-73', 'BT-74']),
    buyerReference: textAt(agreement, 'ram:BuyerReference'),
    contractRef: textAt(agreement, 'ram:ContractReferencedDocument/ram:IssuerAssignedID'),
    orderRef: textAt(agreement, 'ram:BuyerOrderReferencedDocument/ram:IssuerAssignedID'),
    salesOrderRef: textAt(agreement, 'ram:SellerOrderReferencedDocument/ram:IssuerAssignedID'),
    receiptRef: textAt(delivered, 'ram:ReceivingAdviceReferencedDocument/ram:IssuerAssignedID'),
    despatchRef: textAt(delivered, 'ram:DespatchAdviceReferencedDocument/ram:IssuerAssignedID'),
    preceding: preceding(terms, settlement),
    seller: party(first(agreement, 'ram:SellerTradeParty')),
    buyer: party(first(agreement, 'ram:BuyerTradeParty')),
    representativeVat: representative === undefined ? undefined : registration(representative, 'VA'),
    delivery: delivery(terms, delivered),
    payment: payment(settlement),
    totals: totals(terms, settlement, currency, taxCurrency),
    vatGroups: vatGroups(terms, settlement),
    allowancesCharges: allowancesCharges(terms, settlement),
    lines: lines.map((line) => invoiceLine(terms, line)),
  });
  terms.check(invoice.seller, invoice.buyer);
  return { syntax: 'CII', invoice, findings: terms.findings };
}
