import { Fault } from '../../protocol/fault.ts';
import { compare, type Decimal, decimal, multiply } from '../../protocol/money.ts';

/** Both bounds must hold. Decimal texts; "0" is exact. */
export interface Tolerance {
  readonly abs: string;
  /** Per cent of what was billed (quantity) or agreed (price). */
  readonly pct: string;
}

export interface Policy {
  /** Where days are cut for sites that have no zone of their own. */
  readonly timeZone: string;
  readonly timeZones?: Readonly<Record<string, string>>;
  readonly quantityTolerance: Tolerance;
  /** `abs` is money of the line, in units of the currency. */
  readonly priceTolerance: Tolerance;
  /** Sum of the absolute money differences accepted on one invoice, in units of its currency. */
  readonly invoiceCap: string;
  /** Days around the issue date in which goods without a reference are looked for. */
  readonly windowDays: { readonly before: number; readonly after: number };
  /** Share of the tags that a door reads, decimal text up to "1". */
  readonly readRate: string;
  readonly siteMismatch: 'finding' | 'hold';
  /** The supplier's goods stand here as his: a purchase bills what left, not what came. */
  readonly consignment?: boolean;
}

/** Exact to the item and the cent; goods come up to 30 days before their invoice and 10 days after it (pre-billing). */
export const EXACT: Policy = {
  timeZone: 'Europe/Paris',
  quantityTolerance: { abs: '0', pct: '0' },
  priceTolerance: { abs: '0', pct: '0' },
  invoiceCap: '0',
  windowDays: { before: 30, after: 10 },
  readRate: '1',
  siteMismatch: 'finding',
};

/** What a rule may set. Zones are the sites', never a supplier's. */
type Ruled = Omit<Policy, 'timeZone' | 'timeZones'>;

/** A policy for one supplier (the other party), one item, or one item of one supplier: it sets what it names and leaves the rest. */
export interface PolicyRule extends Partial<Ruled> {
  readonly supplier?: string;
  readonly gtin?: string;
}

const MEMBERS: readonly (keyof Ruled)[] = [
  'quantityTolerance',
  'priceTolerance',
  'invoiceCap',
  'windowDays',
  'readRate',
  'siteMismatch',
  'consignment',
];
/** What holds for an invoice as a whole, so no item can set it. */
const OF_INVOICES: readonly (keyof Ruled)[] = ['invoiceCap', 'siteMismatch'];

const scopeOf = (supplier: string | undefined, gtin: string | undefined): string => JSON.stringify([supplier ?? null, gtin ?? null]);

/**
 * The policy of a tenant with its rules. Each member comes from the most specific rule that sets it: item of a supplier, then item, then
 * supplier, then the general policy. Two rules of one scope that set the same member tie, and no order could say which one counts.
 */
export class Policies {
  /** What holds where no rule says otherwise. */
  readonly general: Policy;
  readonly #byScope = new Map<string, Partial<Ruled>>();
  readonly #resolved = new Map<string, Policy>();

  /** @throws Fault POLICY_TIE, POLICY_SCOPE, POLICY_INVALID */
  constructor(general: Policy, rules: readonly PolicyRule[] = []) {
    this.general = checked(general, 'the general policy');
    for (const rule of rules) this.#add(rule);
  }

  #add(rule: PolicyRule): void {
    const { supplier, gtin } = rule;
    const name = `the policy of ${supplier === undefined ? '' : `supplier ${supplier}`}${gtin === undefined ? '' : ` item ${gtin}`}`;
    if (supplier === undefined && gtin === undefined)
      throw new Fault('POLICY_TIE', 'a rule without supplier and item is a second general policy: put what it sets into the general one');
    const scope = scopeOf(supplier, gtin);
    const before = this.#byScope.get(scope) ?? {};
    const set = Object.fromEntries(MEMBERS.flatMap((member) => (rule[member] === undefined ? [] : [[member, rule[member]]])));
    for (const member of Object.keys(set) as (keyof Ruled)[]) {
      if (before[member] !== undefined)
        throw new Fault('POLICY_TIE', `${name} sets ${member} twice: leave one of the two rules`, { member });
      if (gtin !== undefined && OF_INVOICES.includes(member))
        throw new Fault('POLICY_SCOPE', `${name} sets ${member}, which holds for a whole invoice: set it for the supplier`, { member });
    }
    checked({ ...this.general, ...set }, name);
    this.#byScope.set(scope, { ...before, ...set });
  }

  /** The policy for an item of a supplier; without the item what holds for his invoices. */
  of(supplier: string, gtin?: string): Policy {
    if (this.#byScope.size === 0) return this.general;
    const key = scopeOf(supplier, gtin);
    const known = this.#resolved.get(key);
    if (known !== undefined) return known;
    const scopes = [scopeOf(supplier, undefined), ...(gtin === undefined ? [] : [scopeOf(undefined, gtin), key])];
    const resolved = Object.assign({}, this.general, ...scopes.map((scope) => this.#byScope.get(scope) ?? {})) as Policy;
    this.#resolved.set(key, resolved);
    return resolved;
  }
}

/** A policy that can be applied: bounds and counts at or above zero, a rate of at most one. @throws Fault POLICY_INVALID */
function checked(policy: Policy, name: string): Policy {
  const { quantityTolerance, priceTolerance, invoiceCap, readRate, windowDays } = policy;
  const refuse = (member: string, value: string | number, what: string): never => {
    throw new Fault('POLICY_INVALID', `${name} has ${member} ${value}: it must be ${what}`, { member });
  };
  const bounds = {
    'quantityTolerance.abs': quantityTolerance.abs,
    'quantityTolerance.pct': quantityTolerance.pct,
    'priceTolerance.abs': priceTolerance.abs,
    'priceTolerance.pct': priceTolerance.pct,
    invoiceCap,
    readRate,
  };
  for (const [member, value] of Object.entries(bounds)) if (decimal(value).units < 0n) refuse(member, value, '0 or more');
  if (compare(decimal(readRate), { units: 1n, scale: 0 }) > 0)
    refuse('readRate', readRate, 'at most 1, the share of tags that a door reads');
  for (const [member, days] of Object.entries(windowDays))
    if (!Number.isSafeInteger(days) || days < 0) refuse(`windowDays.${member}`, days, 'a whole number of days from 0 on');
  return policy;
}

const PER_CENT: Decimal = { units: 1n, scale: 2 };

const size = (value: Decimal): Decimal => (value.units < 0n ? { units: -value.units, scale: value.scale } : value);

/** True when a difference is within both bounds; the percentage is taken of `of`. */
export function within(difference: Decimal, of: Decimal, tolerance: Tolerance): boolean {
  const by = size(difference);
  if (by.units === 0n) return true;
  return compare(by, decimal(tolerance.abs)) <= 0 && compare(by, multiply(multiply(size(of), decimal(tolerance.pct)), PER_CENT)) <= 0;
}

/** True when `missing` of `billed` items may have gone through a door of this read rate unseen. */
export function mayBeUnread(missing: number, billed: number, readRate: string): boolean {
  const rate = decimal(readRate);
  const unread: Decimal = { units: 10n ** BigInt(rate.scale) - rate.units, scale: rate.scale };
  return compare({ units: BigInt(missing), scale: 0 }, multiply({ units: BigInt(billed), scale: 0 }, unread)) <= 0;
}
