/** A minimal UBL invoice that is complete for EN 16931, for tests. */
export interface Billed {
  readonly number: string;
  readonly seller?: string;
  readonly buyer?: string;
  readonly gtin?: string;
  readonly quantity?: number;
  readonly price?: string;
  readonly net?: string;
  readonly despatchRef?: string;
}

export function ubl({
  number,
  seller = '123456789',
  buyer = '303265045',
  gtin = '03012345678902',
  quantity = 48,
  price = '7.25',
  net = '348.00',
  despatchRef,
}: Billed): string {
  const party = (siren: string, name: string): string =>
    `<cac:Party><cac:PartyLegalEntity><cbc:RegistrationName>${name}</cbc:RegistrationName><cbc:CompanyID schemeID="0002">${siren}</cbc:CompanyID></cac:PartyLegalEntity></cac:Party>`;
  const despatch =
    despatchRef === undefined ? '' : `<cac:DespatchDocumentReference><cbc:ID>${despatchRef}</cbc:ID></cac:DespatchDocumentReference>`;
  return `<?xml version="1.0" encoding="UTF-8"?>
<Invoice xmlns="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"
  xmlns:cac="urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"
  xmlns:cbc="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2">
  <cbc:ID>${number}</cbc:ID><cbc:IssueDate>2026-11-20</cbc:IssueDate><cbc:InvoiceTypeCode>380</cbc:InvoiceTypeCode>
  <cbc:DocumentCurrencyCode>EUR</cbc:DocumentCurrencyCode>${despatch}
  <cac:AccountingSupplierParty>${party(seller, 'Moulins du Rhône')}</cac:AccountingSupplierParty>
  <cac:AccountingCustomerParty>${party(buyer, 'Demo SAS')}</cac:AccountingCustomerParty>
  <cac:LegalMonetaryTotal><cbc:LineExtensionAmount currencyID="EUR">${net}</cbc:LineExtensionAmount>
    <cbc:TaxExclusiveAmount currencyID="EUR">${net}</cbc:TaxExclusiveAmount><cbc:TaxInclusiveAmount currencyID="EUR">${net}</cbc:TaxInclusiveAmount>
    <cbc:PayableAmount currencyID="EUR">${net}</cbc:PayableAmount></cac:LegalMonetaryTotal>
  <cac:InvoiceLine><cbc:ID>1</cbc:ID><cbc:InvoicedQuantity unitCode="H87">${quantity}</cbc:InvoicedQuantity>
    <cbc:LineExtensionAmount currencyID="EUR">${net}</cbc:LineExtensionAmount>
    <cac:Item><cbc:Name>Huile d’olive 1 l</cbc:Name><cac:StandardItemIdentification><cbc:ID schemeID="0160">${gtin}</cbc:ID></cac:StandardItemIdentification></cac:Item>
    <cac:Price><cbc:PriceAmount currencyID="EUR">${price}</cbc:PriceAmount></cac:Price></cac:InvoiceLine>
</Invoice>`;
}
