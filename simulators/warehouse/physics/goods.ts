import type { Random } from '../../random.ts';
import { unit, type Vector } from './antenna.ts';
import type { Block, Body, Motion, PhysicalTag } from './body.ts';

/** What is in the cartons: one-way loss per metre of it, and what a tag on such a carton loses, dB. */
const GOODS = {
  /** Textiles, paper, small parts. */
  dry: { lossPerMetre: 3, tag: [0.5, 3] },
  /** Some of it liquid or metal. */
  mixed: { lossPerMetre: 9, tag: [1, 5] },
  /** Bottles, tins. */
  wet: { lossPerMetre: 30, tag: [2, 8] },
} as const;
export type Goods = keyof typeof GOODS;

/** Around a pallet of anything waves bend: no more than this one way, dB. */
const AROUND_GOODS = 11;
/** Chips of this decade wake at -17 to -20 dBm by data sheet; stuck on a carton in a hall, a few dB worse. */
const WAKES = { mean: -17, deviation: 0.7 };
/** A mast and a body of steel. */
const STEEL = { lossPerMetre: 40, atMost: 12 } as const;
/** Share of labels that look outwards, and how deep the others sit, metres. */
const OUTSIDE_SHARE = 0.75;
const DEEPEST = 0.25;

export interface Load {
  /** Length, width and height, metres; `floor` is how high it stands. */
  readonly length: number;
  readonly width: number;
  readonly height: number;
  readonly floor: number;
}

/** EUR 1 with cartons up to a man's height, and a stack on a hand truck. */
export const PALLET: Load = { length: 1.2, width: 0.8, height: 1.45, floor: 0.15 };
export const STACK: Load = { length: 0.5, width: 0.4, height: 0.9, floor: 0.3 };

function labelled(epc: string, load: Load, goods: Goods, random: Random): PhysicalTag {
  const { length, width, height, floor } = load;
  const on = {
    x: random.between(-length / 2, length / 2),
    y: random.between(-width / 2, width / 2),
    z: floor + random.between(0.05, height),
  };
  // Onto the nearest of four sides or the top, or not quite: labels between cartons.
  const depth = random.chance(OUTSIDE_SHARE) ? -0.005 : random.between(0.02, DEEPEST);
  const face = random.int(0, 4);
  const place: Vector =
    face === 0
      ? { ...on, x: length / 2 - depth }
      : face === 1
        ? { ...on, x: -length / 2 + depth }
        : face === 2
          ? { ...on, y: width / 2 - depth }
          : face === 3
            ? { ...on, y: -width / 2 + depth }
            : { ...on, z: floor + height - depth };
  // Labels are stuck along an edge, most of them lying; a hand is a few degrees off.
  const off = (): number => random.normal(0, 0.12);
  const stands = random.chance(0.25) && face !== 4;
  const alongX = face === 2 || face === 3 || (face === 4 && random.chance(0.5));
  const dipole = stands ? unit(off(), off(), 1) : alongX ? unit(1, off(), off()) : unit(off(), 1, off());
  const [least, most] = GOODS[goods].tag;
  return {
    epc,
    on: place,
    dipole,
    loss: random.between(least, most),
    wakes: random.normal(WAKES.mean, WAKES.deviation),
  };
}

function block(load: Load, goods: Goods): Block {
  const { length, width, height, floor } = load;
  return {
    from: { x: -length / 2, y: -width / 2, z: floor },
    to: { x: length / 2, y: width / 2, z: floor + height },
    lossPerMetre: GOODS[goods].lossPerMetre,
    atMost: AROUND_GOODS,
  };
}

/** A pallet on a forklift that follows it through the door. */
export function forklift(epcs: readonly string[], goods: Goods, motion: Motion, random: Random): Body {
  const truck: Block = { from: { x: -2.6, y: -0.55, z: 0.1 }, to: { x: -0.75, y: 0.55, z: 2 }, ...STEEL };
  return {
    tags: epcs.map((epc) => labelled(epc, PALLET, goods, random)),
    blocks: [block(PALLET, goods), truck],
    reflects: 1,
    motion,
  };
}

/** A few cartons on a hand truck, pushed by a person. */
export function handTruck(epcs: readonly string[], goods: Goods, motion: Motion, random: Random): Body {
  const person: Block = { from: { x: -0.85, y: -0.22, z: 0 }, to: { x: -0.55, y: 0.22, z: 1.75 }, lossPerMetre: 30, atMost: 9 };
  return {
    tags: epcs.map((epc) => labelled(epc, STACK, goods, random)),
    blocks: [block(STACK, goods), person],
    reflects: 0.4,
    motion,
  };
}

/** Goods that stand somewhere. */
export function parked(epcs: readonly string[], goods: Goods, motion: Motion, random: Random): Body {
  return {
    tags: epcs.map((epc) => labelled(epc, PALLET, goods, random)),
    blocks: [block(PALLET, goods)],
    reflects: 0,
    motion,
  };
}
