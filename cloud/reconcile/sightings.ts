import { Fault } from '../../protocol/fault.ts';
import { gtin14 } from '../../protocol/gtin.ts';
import { put } from './pool.ts';
import type { ScenarioAdvice, ScenarioMovement } from './scenario.ts';

/** What a serial did at the doors, put right: who took whom back, what was read twice, what must have come in unseen. */
export interface Sighting extends ScenarioMovement {
  /** No door saw it: a later movement proves it. */
  readonly inferred?: boolean;
  /** The sighting by which the serial last crossed a door the other way. */
  readonly previous?: Sighting;
}

/** In, out and in again within this time is one receipt: a forklift that backs out of the door. */
const REVERSAL_MINUTES = 5;
const MINUTE_MS = 60_000;

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
const atOf = ({ at }: ScenarioMovement): number => Date.parse(at);

/** Oldest first; of one instant what came in before what went out. */
const compareSightings = (a: ScenarioMovement, b: ScenarioMovement): number =>
  atOf(a) - atOf(b) || compareText(a.direction, b.direction) || compareText(a.serial, b.serial) || compareText(a.id, b.id);

const keyOf = (gtin: string, serial: string): string => JSON.stringify([gtin14(gtin) ?? gtin, serial]);

/** Despatch advices of our suppliers, and our own. */
export interface Advices {
  readonly coming: readonly ScenarioAdvice[];
  readonly going: readonly ScenarioAdvice[];
}

const inferredFrom = (
  { id, gtin, serial }: ScenarioMovement,
  where: Pick<ScenarioMovement, 'at' | 'site' | 'despatchRef' | 'orderRef'>,
): Sighting => ({
  ...where,
  ...{ id: `inferred:${id}`, direction: 'in', gtin, serial, state: 'confirmed', inferred: true },
});

/** Despatch advices by the serials they list, each until its goods are there. */
class Due {
  readonly #bySerial = new Map<string, ScenarioAdvice[]>();
  /** When the other goods of an advice came, and where. */
  readonly #arrivals = new Map<string, ScenarioMovement>();

  constructor(advices: readonly ScenarioAdvice[], movements: readonly ScenarioMovement[], direction: 'in' | 'out') {
    const sorted = [...advices].sort(
      (a, b) =>
        compareText(a.issueDate ?? '', b.issueDate ?? '') || compareText(a.number, b.number) || compareText(a.seller ?? '', b.seller ?? ''),
    );
    for (const advice of sorted)
      for (const { gtin, serials } of advice.lines)
        for (const serial of new Set(serials)) {
          const key = keyOf(gtin, serial);
          const listed = this.#bySerial.get(key);
          if (listed === undefined) this.#bySerial.set(key, [advice]);
          else if (!listed.includes(advice)) listed.push(advice);
        }
    for (const movement of movements) {
      if (movement.direction !== direction || movement.despatchRef === undefined) continue;
      this.settle(movement, movement.despatchRef);
      const last = this.#arrivals.get(movement.despatchRef);
      if (last === undefined || compareSightings(movement, last) > 0) this.#arrivals.set(movement.despatchRef, movement);
    }
  }

  settle({ gtin, serial }: ScenarioMovement, number: string): void {
    const key = keyOf(gtin, serial);
    const listed = this.#bySerial.get(key);
    if (listed !== undefined)
      this.#bySerial.set(
        key,
        listed.filter((advice) => advice.number !== number),
      );
  }

  next({ gtin, serial }: ScenarioMovement): ScenarioAdvice | undefined {
    return this.#bySerial.get(keyOf(gtin, serial))?.[0];
  }

  /** With the last goods of its advice, and never after it was seen: that is when it must have come. */
  receipt(seen: ScenarioMovement, { number }: ScenarioAdvice): Sighting {
    const arrival = this.#arrivals.get(number);
    const { at, site } = arrival === undefined || atOf(arrival) > atOf(seen) ? seen : arrival;
    return { ...inferredFrom(seen, { at, site }), despatchRef: number };
  }
}

/**
 * Without movements that took each other back. What comes back within the time is what was there before, and goes by its references where it
 * has none of its own.
 */
function netted(sorted: readonly ScenarioMovement[], reversalMs: number): ScenarioMovement[] {
  const kept: ScenarioMovement[] = [];
  const undone = new Map<string, { readonly first: ScenarioMovement; readonly at: number }>();
  for (const movement of sorted) {
    const { site, direction } = movement;
    const last = kept.findLast((one) => one.site === site);
    const before = undone.get(site);
    undone.delete(site);
    if (last !== undefined && last.direction !== direction && atOf(movement) - atOf(last) <= reversalMs) {
      kept.splice(kept.lastIndexOf(last), 1);
      undone.set(site, { first: last, at: atOf(movement) });
    } else if (before !== undefined && before.first.direction === direction && atOf(movement) - before.at <= reversalMs) {
      kept.push({ ...references(before.first), ...movement });
    } else kept.push(movement);
  }
  return kept;
}

const references = ({ despatchRef, orderRef }: ScenarioMovement): Pick<ScenarioMovement, 'despatchRef' | 'orderRef'> => ({
  ...(despatchRef === undefined ? {} : { despatchRef }),
  ...(orderRef === undefined ? {} : { orderRef }),
});

const sameReferences = (a: ScenarioMovement, b: ScenarioMovement): boolean =>
  (b.despatchRef === undefined || a.despatchRef === b.despatchRef) && (b.orderRef === undefined || a.orderRef === b.orderRef);

/** One serial through time. */
class Trace {
  readonly sightings: Sighting[] = [];
  readonly #coming: Due;
  readonly #going: Due;

  /** Arrivals that a door was not sure of, oldest first. */
  readonly #doubtful: readonly ScenarioMovement[];

  constructor(coming: Due, going: Due, doubtful: readonly ScenarioMovement[]) {
    this.#coming = coming;
    this.#going = going;
    this.#doubtful = doubtful;
  }

  add(movement: ScenarioMovement): void {
    if (this.#isAgain(movement)) this.#inspected(movement);
    else if (movement.direction === 'in') this.#keep(movement, this.#coming);
    else {
      const missed = this.#missedBefore(movement);
      if (missed !== undefined) this.#keep(missed, this.#coming);
      this.#keep(movement, this.#going);
    }
  }

  /** The arrival that a departure proves: the one a door was not sure of, else that of a despatch advice. */
  #missedBefore(movement: ScenarioMovement): Sighting | undefined {
    const last = this.sightings.at(-1);
    if (last?.direction === 'in') return undefined;
    const since = last === undefined ? Number.NEGATIVE_INFINITY : atOf(last);
    const doubt = this.#doubtful.findLast((one) => atOf(one) > since && atOf(one) <= atOf(movement));
    if (doubt !== undefined) return inferredFrom(movement, { at: doubt.at, site: doubt.site, ...references(doubt) });
    const advice = this.#coming.next(movement);
    return advice === undefined ? undefined : this.#coming.receipt(movement, advice);
  }

  /** Read again where it already stands, or after it had left: nothing new, unless a despatch advice says that it came in between. */
  #isAgain(movement: ScenarioMovement): boolean {
    const last = this.sightings.at(-1);
    if (last === undefined || last.direction !== movement.direction || last.site !== movement.site) return false;
    if (last.inspection === 'rejected' || !sameReferences(last, movement)) return false;
    return movement.direction === 'in' || this.#missedBefore(movement) === undefined;
  }

  #inspected({ inspection }: ScenarioMovement): void {
    const last = this.sightings.pop();
    if (last !== undefined) this.sightings.push(inspection === undefined ? last : { ...last, inspection });
  }

  #keep(movement: Sighting, due: Due): void {
    const previous = this.sightings.findLast(({ direction }) => direction !== movement.direction);
    const despatchRef = movement.despatchRef ?? due.next(movement)?.number;
    if (despatchRef !== undefined) due.settle(movement, despatchRef);
    this.sightings.push({
      ...movement,
      ...(despatchRef === undefined ? {} : { despatchRef }),
      ...(previous === undefined ? {} : { previous }),
    });
  }
}

/** Each id once. @throws Fault MOVEMENT_DUPLICATE when two movements have one id */
function distinct(movements: readonly ScenarioMovement[]): ScenarioMovement[] {
  const byId = new Map<string, ScenarioMovement>();
  for (const movement of movements) {
    const before = byId.get(movement.id);
    if (before !== undefined && JSON.stringify(before) !== JSON.stringify(movement))
      throw new Fault('MOVEMENT_DUPLICATE', `two movements have the id ${movement.id} and are not the same: give each its own`);
    byId.set(movement.id, movement);
  }
  return [...byId.values()];
}

function serials(movements: readonly ScenarioMovement[]): Map<string, ScenarioMovement[]> {
  const out = new Map<string, ScenarioMovement[]>();
  for (const movement of movements) put(out, keyOf(movement.gtin, movement.serial), movement);
  return out;
}

/**
 * The sightings that count up to `now`, oldest first. Of a serial, movements that took each other back within minutes are gone, and so is what
 * was read again where it stood. A serial that a despatch advice lists came on it when its movement does not say otherwise; one that leaves without
 * having come has come unseen, when a despatch advice lists it or a door was in doubt about it.
 * @throws Fault MOVEMENT_DUPLICATE
 */
export function sightingsOf(
  movements: readonly ScenarioMovement[],
  advices: Advices,
  now = Number.POSITIVE_INFINITY,
  reversalMinutes = REVERSAL_MINUTES,
): Sighting[] {
  const known = distinct(movements)
    .filter((movement) => atOf(movement) <= now)
    .sort(compareSightings);
  const bySerial = serials(known.filter(({ state }) => state === 'confirmed'));
  const doubtful = serials(known.filter(({ state, direction }) => state === 'doubtful' && direction === 'in'));
  const counted = [...bySerial].map(([key, one]) => ({ key, moved: netted(one, reversalMinutes * MINUTE_MS) }));
  const moved = counted.flatMap((one) => one.moved);
  const coming = new Due(advices.coming, moved, 'in');
  const going = new Due(advices.going, moved, 'out');
  return counted
    .flatMap(({ key, moved: one }) => {
      const trace = new Trace(coming, going, doubtful.get(key) ?? []);
      for (const movement of one) trace.add(movement);
      return trace.sightings;
    })
    .sort((a, b) => atOf(a) - atOf(b) || Number(a.inferred ?? false) - Number(b.inferred ?? false) || compareSightings(a, b));
}
