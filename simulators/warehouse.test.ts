import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeEpcHex } from '../protocol/epc.ts';
import { gtin14, isSscc } from '../protocol/gtin.ts';
import type { Delivery, PlanOptions } from './warehouse/delivery.ts';
import { idleSightings, type Sighting } from './warehouse/pass.ts';
import { DOOR_ANTENNAS } from './warehouse/radio.ts';
import { type Pass, Warehouse } from './warehouse.ts';

const PLAN: PlanOptions = { direction: (number) => (number % 3 === 0 ? 'out' : 'in'), pallets: 2, hard: 0.05 };
const SEEDS = fc.integer({ min: 0, max: 2 ** 31 });

function world(seed: number): Warehouse {
  return new Warehouse({ seed, doors: ['D1', 'D2'], strays: 4, plan: PLAN });
}

function play(seed: number, deliveries: number): { warehouse: Warehouse; played: { delivery: Delivery; passes: Pass[] }[] } {
  const warehouse = world(seed);
  const played = Array.from({ length: deliveries }, (_, i) => {
    const delivery = warehouse.nextDelivery();
    const passes = warehouse.passes(delivery, i % 2 === 0 ? 'D1' : 'D2');
    for (const pass of passes) warehouse.drove(pass);
    return { delivery, passes };
  });
  return { warehouse, played };
}

/** Power-weighted time centroid of a side: the physics, not the edge's rule. */
function centroid(sightings: readonly Sighting[], side: 'outside' | 'inside'): number {
  let weight = 0;
  let time = 0;
  for (const { at, antenna, rssi } of sightings) {
    if (DOOR_ANTENNAS[antenna - 1]?.side !== side) continue;
    weight += 10 ** (rssi / 10);
    time += at * 10 ** (rssi / 10);
  }
  return time / weight;
}

describe('the simulated warehouse', () => {
  it('is the same world for the same seed and another for another', () => {
    const story = (seed: number): unknown => play(seed, 6).played;
    expect(story(1)).toEqual(story(1));
    expect(story(1)).not.toEqual(story(2));
  });

  it('lets only goods leave that came in and have not left, in any world', () => {
    fc.assert(
      fc.property(SEEDS, (seed) => {
        const { warehouse } = play(seed, 24);
        const inside = new Set<string>();
        for (const { item, direction } of warehouse.crossings) {
          expect(inside.has(item.epc)).toBe(direction === 'out');
          if (direction === 'in') inside.add(item.epc);
          else inside.delete(item.epc);
        }
        expect(warehouse.inside()).toEqual(inside);
      }),
      { numRuns: 6 },
    );
  });

  it('tags every item and pallet with an EPC that decodes to its own keys', () => {
    fc.assert(
      fc.property(SEEDS, (seed) => {
        for (const { delivery } of play(seed, 6).played) {
          for (const pallet of delivery.pallets) {
            expect(isSscc(pallet.sscc)).toBe(true);
            expect(decodeEpcHex(pallet.epc)).toMatchObject({ scheme: 'sscc-96', sscc: pallet.sscc });
            for (const { epc, gtin, serial } of pallet.items) {
              expect(gtin14(gtin)).toBe(gtin);
              expect(decodeEpcHex(epc)).toMatchObject({ scheme: 'sgtin-96', gtin, serial });
            }
          }
        }
      }),
      { numRuns: 6 },
    );
  });

  it('makes each kind of trouble where it says so, and nowhere else', () => {
    const seen = new Set<string>();
    for (const { delivery } of play(5, 60).played) {
      seen.add(delivery.intention);
      const items = delivery.pallets.flatMap((pallet) => pallet.items);
      const advised = delivery.advised.reduce((sum, line) => sum + line.quantity, 0);
      const gap = items.length - advised;
      expect(Math.sign(gap)).toBe(delivery.intention === 'missing' ? -1 : delivery.intention === 'extra' ? 1 : 0);
      expect(items.some((item) => item.tag === 'dead')).toBe(delivery.intention === 'dead');
    }
    expect([...seen].sort()).toEqual(
      ['clean', 'dead', 'duplicate', 'extra', 'missing', 'overbilled', 'price', 'resent', 'underbilled', 'unshipped'].sort(),
    );
  });

  it('begins with a delivery that works', () => {
    fc.assert(
      fc.property(SEEDS, (seed) => {
        expect(world(seed).nextDelivery().intention).toBe('clean');
      }),
    );
  });

  it('lets a pallet be heard outside before inside when it comes in, and the other way round', () => {
    for (const { delivery, passes } of play(2, 6).played) {
      for (const pass of passes) {
        const label = pass.sightings.filter((sighting) => sighting.epc === pass.pallet.epc);
        const lead = centroid(label, 'inside') - centroid(label, 'outside');
        expect(Math.sign(lead)).toBe(delivery.direction === 'in' ? 1 : -1);
      }
    }
  });

  it('hears a well placed tag often, a hard one a few times, a dead one and those not there never', () => {
    for (const { delivery, passes } of play(3, 12).played) {
      for (const { sightings, pallet } of passes) {
        const count = (epc: string): number => sightings.filter((sighting) => sighting.epc === epc).length;
        for (const item of pallet.items) {
          if (item.tag === 'dead') expect(count(item.epc)).toBe(0);
          else if (item.tag === 'hard') expect(count(item.epc)).toBeLessThanOrEqual(4);
          else expect(count(item.epc)).toBeGreaterThanOrEqual(25);
          if (item.tag === 'hard') expect(count(item.epc)).toBeGreaterThanOrEqual(1);
        }
        const elsewhere = delivery.pallets.filter((other) => other !== pallet).flatMap((other) => other.items);
        expect(elsewhere.every((item) => count(item.epc) === 0)).toBe(true);
      }
    }
  });

  it('reads no faster than a reader does, one antenna at a time, in order', () => {
    const { passes } = play(4, 1).played[0] as { passes: Pass[] };
    for (const { sightings, ms } of passes) {
      for (let i = 1; i < sightings.length; i++) {
        expect((sightings[i] as Sighting).at).toBeGreaterThanOrEqual((sightings[i - 1] as Sighting).at);
      }
      expect(sightings.length).toBeLessThanOrEqual((ms / 1000) * 400 + 20);
      const dwells = new Map<number, Set<number>>();
      for (const { at, antenna } of sightings) {
        const dwell = Math.floor(at / 50);
        dwells.set(dwell, (dwells.get(dwell) ?? new Set()).add(antenna));
      }
      expect([...dwells.values()].every((antennas) => antennas.size === 1)).toBe(true);
    }
  });

  it('hears strays in an idle door, and no truth ever holds them', () => {
    const { warehouse } = play(6, 4);
    const strays = new Set(warehouse.strays('D1').map((stray) => stray.tag.epc));
    const heard = idleSightings(warehouse.strays('D1'), 20_000, warehouse.random.fork('idle'));
    expect(heard.length).toBeGreaterThan(0);
    expect(heard.every((sighting) => strays.has(sighting.epc))).toBe(true);
    expect([...strays].every((epc) => warehouse.truthOf(epc, 'D1') === undefined)).toBe(true);
  });
});
