/** What the OpenAPI document shows of documents. */

const gtin = '03012345678902';

const explanation = {
  code: 'SHORT_RECEIVED',
  params: {
    item: gtin,
    direction: 'in',
    billed: 48,
    moved: 46,
    short: 2,
    over: 0,
    despatch: 'DA-2026-118',
    order: 'PO-7712',
    site: 'LYON',
    at: 1795251660000,
    door: 'D1',
    currency: 'EUR',
    billedPrice: '7.25',
    agreedPrice: '7.25',
    amount: '14.50',
  },
  text: {
    fr: '48 facturés, 46 reçus au quai D1 (Entrepôt de Lyon) dès le 21/11/2026 10:01, avis d’expédition DA-2026-118. Il manque 2 × Huile d’olive 1 l, soit 14,50 €.',
    en: '48 billed, 46 received at door D1 (Entrepôt de Lyon) from 21/11/2026, 10:01 on, despatch advice DA-2026-118. Missing: 2 × Huile d’olive 1 l, worth €14.50.',
  },
};

export const rowExample = {
  id: 'b3dKc1Qz8sXw2LhM',
  kind: 'invoice',
  number: 'F-2026-0117',
  issueDate: '2026-11-20',
  role: 'purchase',
  partner: { id: 'FR32123456789', name: 'Moulins du Rhône' },
  currency: 'EUR',
  total: '348.00',
  status: 'SHORT_RECEIVED',
  lineCount: 1,
  at: 1795255260000,
  entry: 41,
};

export const findingExample = {
  document: rowExample.id,
  number: rowExample.number,
  line: '1',
  code: 'QUANTITY_SHORT',
  amount: 1450,
  currency: 'EUR',
  explanation,
};

export const documentExample = {
  ...rowExample,
  despatchRef: 'DA-2026-118',
  orderRef: 'PO-7712',
  original: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
  contentType: 'application/xml',
  lines: [
    {
      id: '1',
      gtin,
      name: 'Huile d’olive 1 l',
      quantity: '48',
      unit: 'C62',
      price: '7.25',
      net: '348.00',
      status: 'SHORT_RECEIVED',
      matched: 46,
      short: 2,
      over: 0,
      explanation,
      allocations: [
        {
          entry: 40,
          at: 1795251660000,
          site: 'LYON',
          node: 'dock-1',
          door: 'D1',
          direction: 'in',
          quantity: 46,
          ordinals: [[0, 46]],
          evidence: 'despatch',
          document: { kind: 'despatchAdvice', number: 'DA-2026-118', how: 'sscc' },
        },
      ],
      allocationsTotal: 1,
    },
  ],
  findings: [findingExample],
  ruleFindings: [
    {
      code: 'BR-CO-10',
      line: null,
      found: '5075.00',
      expected: '5075.01',
      text: {
        fr: 'BT-106 n’est pas la somme des lignes (BT-131).',
        en: 'BT-106 is not the sum of the lines (BT-131).',
      },
    },
  ],
};

export const orderExample = {
  kind: 'order',
  number: 'PO-7712',
  issueDate: '2026-11-18',
  seller: { id: '123456789', name: 'Moulins du Rhône' },
  buyer: { id: '303265045', name: 'Demo SAS' },
  currency: 'EUR',
  lines: [{ id: '1', gtin, quantity: 48, price: '7.25' }],
};

/** What begins a Factur-X or ZUGFeRD file. */
export const PDF_EXAMPLE = '%PDF-1.7 …';
export const UBL_EXAMPLE = '<Invoice xmlns="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2">…</Invoice>';
