/** What a rule asks for, in the two languages of the product. */
export interface RuleWords {
  readonly fr: string;
  readonly en: string;
}

/** [French, English] of rules that stand alone. */
const WORDS: Readonly<Record<string, readonly [string, string]>> = {
  'BR-01': ['L’identifiant de spécification (BT-24) manque.', 'The specification identifier (BT-24) is missing.'],
  'BR-06': ['Le nom du vendeur (BT-27) manque.', 'The seller’s name (BT-27) is missing.'],
  'BR-07': ['Le nom de l’acheteur (BT-44) manque.', 'The buyer’s name (BT-44) is missing.'],
  'BR-08': ['L’adresse du vendeur (BG-5) manque.', 'The seller’s address (BG-5) is missing.'],
  'BR-09': ['Le pays du vendeur (BT-40) manque.', 'The seller’s country (BT-40) is missing.'],
  'BR-10': ['L’adresse de l’acheteur (BG-8) manque.', 'The buyer’s address (BG-8) is missing.'],
  'BR-11': ['Le pays de l’acheteur (BT-55) manque.', 'The buyer’s country (BT-55) is missing.'],
  'BR-12': ['La somme des lignes (BT-106) manque.', 'The sum of the lines (BT-106) is missing.'],
  'BR-13': ['Le total hors TVA (BT-109) manque.', 'The total without VAT (BT-109) is missing.'],
  'BR-16': ['Le document n’a aucune ligne (BG-25).', 'The document has no line (BG-25).'],
  'BR-21': ['L’identifiant de la ligne (BT-126) manque.', 'The line’s identifier (BT-126) is missing.'],
  'BR-22': ['La quantité de la ligne (BT-129) manque.', 'The line’s quantity (BT-129) is missing.'],
  'BR-23': ['L’unité de la quantité (BT-130) manque.', 'The unit of the quantity (BT-130) is missing.'],
  'BR-24': ['Le montant de la ligne (BT-131) manque.', 'The line’s amount (BT-131) is missing.'],
  'BR-25': ['Le nom de l’article (BT-153) manque.', 'The item’s name (BT-153) is missing.'],
  'BR-26': ['Le prix net (BT-146) manque.', 'The net price (BT-146) is missing.'],
  'BR-27': ['Le prix net (BT-146) est négatif.', 'The net price (BT-146) is negative.'],
  'BR-28': ['Le prix brut (BT-148) est négatif.', 'The gross price (BT-148) is negative.'],
  'BR-29': ['La période de facturation (BG-14) finit avant de commencer.', 'The invoicing period (BG-14) ends before it begins.'],
  'BR-30': ['La période de la ligne (BG-26) finit avant de commencer.', 'The line’s period (BG-26) ends before it begins.'],
  'BR-31': ['Le montant d’une remise (BT-92) manque.', 'The amount of an allowance (BT-92) is missing.'],
  'BR-32': ['La catégorie de TVA d’une remise (BT-95) manque.', 'The VAT category of an allowance (BT-95) is missing.'],
  'BR-33': ['Le motif d’une remise (BT-97, BT-98) manque.', 'The reason of an allowance (BT-97, BT-98) is missing.'],
  'BR-36': ['Le montant d’un frais (BT-99) manque.', 'The amount of a charge (BT-99) is missing.'],
  'BR-37': ['La catégorie de TVA d’un frais (BT-102) manque.', 'The VAT category of a charge (BT-102) is missing.'],
  'BR-38': ['Le motif d’un frais (BT-104, BT-105) manque.', 'The reason of a charge (BT-104, BT-105) is missing.'],
  'BR-41': ['Le montant d’une remise de la ligne (BT-136) manque.', 'The amount of the line’s allowance (BT-136) is missing.'],
  'BR-42': [
    'Le motif d’une remise de la ligne (BT-139, BT-140) manque.',
    'The reason of the line’s allowance (BT-139, BT-140) is missing.',
  ],
  'BR-43': ['Le montant d’un frais de la ligne (BT-141) manque.', 'The amount of the line’s charge (BT-141) is missing.'],
  'BR-44': ['Le motif d’un frais de la ligne (BT-144, BT-145) manque.', 'The reason of the line’s charge (BT-144, BT-145) is missing.'],
  'BR-45': ['Une base de TVA (BT-116) manque.', 'A VAT base (BT-116) is missing.'],
  'BR-46': ['Un montant de TVA (BT-117) manque.', 'A VAT amount (BT-117) is missing.'],
  'BR-47': ['Une catégorie de TVA (BT-118) manque.', 'A VAT category (BT-118) is missing.'],
  'BR-48': ['Un taux de TVA (BT-119) manque.', 'A VAT rate (BT-119) is missing.'],
  'BR-53': ['Le total de TVA dans la devise comptable (BT-111) manque.', 'The VAT total in the accounting currency (BT-111) is missing.'],
  'BR-55': ['Le numéro d’une facture antérieure (BT-25) manque.', 'The number of a preceding invoice (BT-25) is missing.'],
  'BR-61': ['Un virement est demandé sans compte à créditer (BT-84).', 'A credit transfer is asked for without an account (BT-84).'],
  'BR-62': ['L’adresse électronique du vendeur (BT-34) est sans schéma.', 'The seller’s electronic address (BT-34) has no scheme.'],
  'BR-63': ['L’adresse électronique de l’acheteur (BT-49) est sans schéma.', 'The buyer’s electronic address (BT-49) has no scheme.'],
  'BR-64': ['L’identifiant standard de l’article (BT-157) est sans schéma.', 'The item’s standard identifier (BT-157) has no scheme.'],
  'BR-CL-01': ['Le type de document (BT-3) est inconnu.', 'The document type (BT-3) is unknown.'],
  'BR-CL-04': ['La devise (BT-5) est inconnue.', 'The currency (BT-5) is unknown.'],
  'BR-CL-05': ['La devise comptable (BT-6) est inconnue.', 'The accounting currency (BT-6) is unknown.'],
  'BR-CL-17': ['Une catégorie de TVA (BT-118) est inconnue.', 'A VAT category (BT-118) is unknown.'],
  'BR-CL-18': ['La catégorie de TVA de la ligne (BT-151) est inconnue.', 'The line’s VAT category (BT-151) is unknown.'],
  'BR-CL-23': ['L’unité (BT-130) n’est pas un code UN/ECE.', 'The unit (BT-130) is no UN/ECE code.'],
  'BR-CO-04': ['La catégorie de TVA de la ligne (BT-151) manque.', 'The line’s VAT category (BT-151) is missing.'],
  'BR-CO-09': ['Un numéro de TVA ne commence pas par un pays.', 'A VAT number does not begin with a country.'],
  'BR-CO-10': ['BT-106 n’est pas la somme des lignes (BT-131).', 'BT-106 is not the sum of the lines (BT-131).'],
  'BR-CO-11': ['BT-107 n’est pas la somme des remises (BT-92).', 'BT-107 is not the sum of the allowances (BT-92).'],
  'BR-CO-12': ['BT-108 n’est pas la somme des frais (BT-99).', 'BT-108 is not the sum of the charges (BT-99).'],
  'BR-CO-13': [
    'Le total hors TVA (BT-109) n’est pas BT-106 − BT-107 + BT-108.',
    'The total without VAT (BT-109) is not BT-106 − BT-107 + BT-108.',
  ],
  'BR-CO-14': [
    'Le total de TVA (BT-110) n’est pas la somme de la ventilation (BT-117).',
    'The VAT total (BT-110) is not the sum of the breakdown (BT-117).',
  ],
  'BR-CO-15': ['Le total TTC (BT-112) n’est pas BT-109 + BT-110.', 'The total with VAT (BT-112) is not BT-109 + BT-110.'],
  'BR-CO-16': ['Le net à payer (BT-115) n’est pas BT-112 − BT-113 + BT-114.', 'The amount due (BT-115) is not BT-112 − BT-113 + BT-114.'],
  'BR-CO-17': ['Une TVA (BT-117) n’est pas base × taux.', 'A VAT amount (BT-117) is not base × rate.'],
  'BR-CO-18': ['La ventilation de TVA (BG-23) manque.', 'The VAT breakdown (BG-23) is missing.'],
  'BR-CO-21': ['Une remise doit dire son motif ou son code.', 'An allowance has to give a reason or its code.'],
  'BR-CO-22': ['Un frais doit dire son motif ou son code.', 'A charge has to give a reason or its code.'],
  'BR-CO-25': ['Ni échéance (BT-9) ni conditions de paiement (BT-20).', 'Neither due date (BT-9) nor payment terms (BT-20).'],
  'BR-CO-26': ['Le vendeur n’a aucun identifiant (BT-29, BT-30, BT-31).', 'The seller has no identifier (BT-29, BT-30, BT-31).'],
  'BR-IC-11': [
    'Livraison intracommunautaire sans date de livraison ni période.',
    'Intra-community supply without delivery date or period.',
  ],
  'BR-IC-12': [
    'Livraison intracommunautaire sans pays de livraison (BT-80).',
    'Intra-community supply without country of delivery (BT-80).',
  ],
  'BR-O-11': [
    'À côté du hors champ, la ventilation a d’autres catégories.',
    'Beside “not subject to VAT” the breakdown has other categories.',
  ],
  'PEPPOL-EN16931-R120': [
    'Le montant de la ligne n’est pas quantité × prix ; le montant fait foi.',
    'The line’s amount is not quantity × price; the amount is the record.',
  ],
  GTIN_INVALID: ['La clé de contrôle du GTIN est fausse.', 'The check digit of the GTIN is wrong.'],
};

const CATEGORY: Readonly<Record<string, readonly [string, string]>> = {
  S: ['taux normal (S)', 'standard rate (S)'],
  Z: ['taux zéro (Z)', 'zero rate (Z)'],
  E: ['exonération (E)', 'exempt (E)'],
  AE: ['autoliquidation (AE)', 'reverse charge (AE)'],
  IC: ['livraison intracommunautaire (K)', 'intra-community supply (K)'],
  G: ['exportation (G)', 'export (G)'],
  O: ['hors champ de la TVA (O)', 'not subject to VAT (O)'],
  AF: ['IGIC (L)', 'IGIC (L)'],
  AG: ['IPSI (M)', 'IPSI (M)'],
};

/** Rules 01 to 10, which every category has. */
const OF_CATEGORY: Readonly<Record<string, readonly [string, string]>> = {
  '01': [
    'la ventilation (BG-23) n’a pas le groupe que demandent les lignes',
    'the breakdown (BG-23) lacks the group that the lines ask for',
  ],
  '02': ['les numéros de TVA des parties ne vont pas avec une ligne', 'the parties’ VAT numbers do not go with a line'],
  '03': ['les numéros de TVA des parties ne vont pas avec une remise', 'the parties’ VAT numbers do not go with an allowance'],
  '04': ['les numéros de TVA des parties ne vont pas avec un frais', 'the parties’ VAT numbers do not go with a charge'],
  '05': ['le taux de la ligne (BT-152) ne va pas', 'the line’s rate (BT-152) does not go with it'],
  '06': ['le taux d’une remise (BT-96) ne va pas', 'the rate of an allowance (BT-96) does not go with it'],
  '07': ['le taux d’un frais (BT-103) ne va pas', 'the rate of a charge (BT-103) does not go with it'],
  '08': [
    'la base (BT-116) n’est pas la somme de ses lignes, remises et frais',
    'the base (BT-116) is not the sum of its lines, allowances and charges',
  ],
  '09': ['le montant de TVA (BT-117) ne va pas', 'the VAT amount (BT-117) does not go with it'],
  '10': ['un motif d’exonération (BT-120, BT-121) manque ou est de trop', 'an exemption reason (BT-120, BT-121) is missing or too much'],
};

/** The sentence of a rule by its code; one without words of its own is named. */
export function ruleWords(code: string): RuleWords {
  const own = WORDS[code];
  if (own !== undefined) return { fr: own[0], en: own[1] };
  const [, letters = '', number = ''] = /^BR-([A-Z]+)-(\d\d)$/.exec(code) ?? [];
  if (letters === 'DEC')
    return { fr: `Un montant a plus de deux décimales (${code}).`, en: `An amount has more than two decimals (${code}).` };
  const [category, rule] = [CATEGORY[letters], OF_CATEGORY[number]];
  if (category === undefined || rule === undefined)
    return { fr: `La règle ${code} n’est pas respectée.`, en: `The rule ${code} is broken.` };
  return { fr: `TVA, ${category[0]} : ${rule[0]}.`, en: `VAT, ${category[1]}: ${rule[1]}.` };
}
