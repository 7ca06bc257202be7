/** Sentences about what counts booked, in both languages. */

export interface CountFacts {
  readonly code: 'SHRINKAGE' | 'SURPLUS';
  readonly quantity: number;
  readonly zone: string;
  /** Of a surplus: nobody knew them, they had left, they stood in another site, they left without ever having come. */
  readonly unknown: number;
  readonly out: number;
  readonly elsewhere: number;
  readonly neverIn: number;
}

type Text = Readonly<Record<'fr' | 'en', string>>;

const zoneText = (zone: string): Text =>
  zone === '*' ? { fr: 'le site entier', en: 'the whole site' } : { fr: `la zone ${zone}`, en: `zone ${zone}` };
/** French counts zero and one as singular. */
const un = (n: number, one: string, more: string): string => `${n} ${n < 2 ? one : more}`;
const one = (n: number, single: string, several: string): string => `${n} ${n === 1 ? single : several}`;

function parts({ unknown, out, elsewhere, neverIn }: CountFacts): { fr: string[]; en: string[] } {
  const fr: string[] = [];
  const en: string[] = [];
  const say = (n: number, french: string, english: string): void => {
    if (n === 0) return;
    fr.push(`${n} ${french}`);
    en.push(`${n} ${english}`);
  };
  say(unknown, 'sans entrée connue', 'never seen coming in');
  say(out, 'pourtant vus sortir', 'though seen leaving');
  say(elsewhere, 'attendus sur un autre site', 'known to stand in another site');
  say(neverIn, 'sortis sans jamais être entrés', 'that left without ever having come in');
  return { fr, en };
}

/** What happened and what a person can do about it. */
export function tellCount(facts: CountFacts): Text {
  const { code, quantity, zone } = facts;
  const where = zoneText(zone);
  if (code === 'SHRINKAGE') {
    return {
      fr: `${un(quantity, 'article attendu n’a pas été lu', 'articles attendus n’ont pas été lus')} en deux passages dans ${where.fr} : sorti du stock. Cherchez une sortie non lue ou une autre zone ; un nouveau comptage ou le passage manquant referme l’écart, sinon réglez-le avec un motif.`,
      en: `${one(quantity, 'expected item was', 'expected items were')} not read in two passes of ${where.en}: booked out. Look for a passage that was not read, or another zone; a new count or the missing passage closes this, else settle it with a reason.`,
    };
  }
  const { fr, en } = parts(facts);
  const all = facts.unknown + facts.out + facts.elsewhere + facts.neverIn;
  // Some are explained already, and nobody can tell of which kind they were.
  const [sur, of] = quantity < all ? [` sur ${all}`, ` of ${all}`] : ['', ''];
  return {
    fr: `${un(quantity, 'article en trop', 'articles en trop')}${sur} pour ${where.fr} (${fr.join(', ')}) : entré en stock. Cherchez la réception ou le retour manquant ; le passage manquant referme l’écart, sinon réglez-le avec un motif.`,
    en: `${one(quantity, 'item', 'items')} too many${of} for ${where.en} (${en.join(', ')}): booked in. Look for the receipt or return that is missing; the missing passage closes this, else settle it with a reason.`,
  };
}
