import { encodeSgtin96 } from '../protocol/epc.ts';
import { Random } from './random.ts';
import { type Catalog, makeCatalog } from './warehouse/catalog.ts';
import { type Delivery, type Pallet, Planner, type PlanOptions, type TaggedItem } from './warehouse/delivery.ts';
import { type Drive, driveMs, muffle, palletTags, passSightings, type Sighting, type Stray } from './warehouse/pass.ts';
import { placeTag } from './warehouse/radio.ts';

export interface WarehouseOptions {
  readonly seed: number;
  /** Names of the doors, at least one. */
  readonly doors: readonly string[];
  /** Tagged goods that stand beside each door. */
  readonly strays: number;
  readonly plan: PlanOptions;
  /** Slowest and fastest forklift, metres per second. */
  readonly speed?: readonly [number, number];
}

/** One pallet on its way through a door. */
export interface Pass {
  readonly id: string;
  readonly door: string;
  readonly delivery: Delivery;
  readonly pallet: Pallet;
  readonly drive: Drive;
  /** What the door's antennas hear, from 0 to `ms`; ordered by time. */
  readonly sightings: readonly Sighting[];
  readonly ms: number;
}

/** The truth of one item at one door: it went through, whatever a reader made of it. */
export interface Crossing {
  readonly pass: string;
  readonly door: string;
  readonly direction: 'in' | 'out';
  readonly despatch: string;
  readonly item: TaggedItem;
}

/** Serials of strays start here; those of deliveries stay well below. */
const STRAY_SERIAL = 2 ** 36;

/** Forklifts in a door: a person walks at 1.4, indoors they are held to about 2. */
const SPEED: readonly [number, number] = [1, 2];

/** A seeded world of goods, doors and forklifts that knows what really happened. The same seed and options give the same world. */
export class Warehouse {
  readonly catalog: Catalog;
  readonly random: Random;
  /** Every item that went through a door, in the order in which the passes were driven. */
  readonly crossings: Crossing[] = [];
  readonly #planner: Planner;
  readonly #options: WarehouseOptions;
  readonly #strays = new Map<string, readonly Stray[]>();

  constructor(options: WarehouseOptions) {
    this.#options = options;
    this.random = new Random(options.seed);
    this.catalog = makeCatalog(this.random);
    this.#planner = new Planner(this.catalog, this.random, options.plan);
    for (const door of options.doors) this.#strays.set(door, this.#park(door));
  }

  /** The next delivery; its pallets have not moved yet. */
  nextDelivery(): Delivery {
    return this.#planner.next();
  }

  strays(door: string): readonly Stray[] {
    return this.#strays.get(door) ?? [];
  }

  /** The passes of a delivery's pallets through a door. */
  passes(delivery: Delivery, door: string): Pass[] {
    const [slow, fast] = this.#options.speed ?? SPEED;
    return delivery.pallets.map((pallet, i) => {
      const random = this.random.fork(`pass/${pallet.sscc}/${delivery.number}`);
      const drive: Drive = { direction: delivery.direction, speed: random.between(slow, fast), y: random.normal(0, 0.2) };
      const tags = palletTags(pallet, random);
      return {
        id: `${delivery.despatch}/${i + 1}`,
        door,
        delivery,
        pallet,
        drive,
        sightings: muffle(passSightings(tags, this.strays(door), drive, random), pallet, random),
        ms: driveMs(drive),
      };
    });
  }

  /** Notes that a pass was driven: from now on it is the truth. */
  drove(pass: Pass): void {
    for (const item of pass.pallet.items) {
      const { id, door, delivery } = pass;
      this.crossings.push({ pass: id, door, direction: delivery.direction, despatch: delivery.despatch, item });
    }
  }

  /** The direction in which an EPC went through in its last crossing; undefined for one that never did, such as a stray. */
  truthOf(epc: string, door: string): 'in' | 'out' | undefined {
    return this.crossings.findLast((crossing) => crossing.item.epc === epc && crossing.door === door)?.direction;
  }

  /** EPCs that are inside by the truth, dead tags included. */
  inside(): Set<string> {
    const inside = new Set<string>();
    for (const { item, direction } of this.crossings) {
      if (direction === 'in') inside.add(item.epc);
      else inside.delete(item.epc);
    }
    return inside;
  }

  /** Goods parked left or right of the opening, two to four metres from it: near enough to be heard now and then. */
  #park(door: string): Stray[] {
    const random = this.random.fork(`strays/${door}`);
    return Array.from({ length: this.#options.strays }, () => {
      const item = random.pick(this.catalog.items);
      const epc = encodeSgtin96(item.gtin, random.int(STRAY_SERIAL, STRAY_SERIAL * 2), item.supplier.prefix.length);
      return {
        tag: placeTag(epc, random, random.normal(6, 2)),
        x: (random.chance(0.75) ? 1 : -1) * random.between(1.6, 3.4),
        y: (random.chance(0.5) ? 1 : -1) * random.between(2.4, 3.2),
      };
    });
  }
}
