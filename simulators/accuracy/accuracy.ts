import { parseArgs } from 'node:util';
import { calibrationError, calibrationOf } from './calibration.ts';
import { type Case, PLAIN, TROUBLED } from './cases.ts';
import { KNOWS_EYES } from './door.ts';
import { measure, measureLying, measureWalks } from './measure.ts';
import { testWorld } from './seeds.ts';
import { calibrationTable, type Row, readsPerAntenna, rowsTable, sumsTable } from './table.ts';
import { add, emptyTally, type Tally } from './tally.ts';

/**
 * `npm run accuracy -- [--seeds N] [--from N] [--brief] [--json]`: the edge's doors against simulated pallets, as Markdown, on worlds that
 * nothing was fitted on. `--brief` leaves the sums; with `--json` one object a row.
 */
const USAGE = 'npm run accuracy -- [--seeds N] [--from N] [--brief] [--json]';
/** Worlds per row: 50 tags make 1,000 items of it. */
const SEEDS = 20;
/** A single walk is one item: many more worlds for the same certainty. */
const WALKS_PER_SEED = 32;

function options(): { seeds: number; from: number; brief: boolean; json: boolean } {
  try {
    const { values } = parseArgs({
      options: {
        seeds: { type: 'string', default: String(SEEDS) },
        from: { type: 'string', default: '1' },
        brief: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    if (values.help) {
      console.log(USAGE);
      process.exit(0);
    }
    const [seeds, from] = [Number(values.seeds), Number(values.from)];
    if (!Number.isSafeInteger(seeds) || seeds < 1) throw new RangeError(`--seeds ${values.seeds} is no whole number over 0`);
    if (!Number.isSafeInteger(from) || from < 0) throw new RangeError(`--from ${values.from} is no whole number`);
    return { seeds, from, brief: values.brief, json: values.json };
  } catch (error) {
    console.error(`docket: ${(error as Error).message}\n${USAGE}`);
    process.exit(2);
  }
}

const READS = { many: 'many reads', 2: 'two reads per antenna', 1: 'one read per antenna' } as const;
const EYES = [false, true] as const;
const { seeds, from, brief, json } = options();
const worlds = (count: number) => Array.from({ length: count }, (_, i) => testWorld(from + i));

function report(what: object, tally: Tally): void {
  const { verdicts, ...counts } = tally;
  const error = calibrationError(calibrationOf(verdicts));
  if (json) console.log(JSON.stringify({ ...what, ...counts, readsPerAntenna: readsPerAntenna(tally), calibrationError: error }));
}

function rowsOf(cases: readonly Case[]): Row[] {
  return cases.flatMap((one) =>
    measure(one, worlds(seeds), EYES).map((tally, i) => {
      const row = { one, eyes: EYES[i] === true, tally };
      report({ ...one, photoEye: row.eyes }, tally);
      return row;
    }),
  );
}

function sum(rows: readonly Row[], belongs: (row: Row) => boolean = () => true): Tally {
  const all = emptyTally();
  for (const row of rows) if (belongs(row)) add(all, row.tally);
  return all;
}

const plain = rowsOf(PLAIN);
const troubled = rowsOf(TROUBLED);
const walks = measureWalks(worlds(seeds * WALKS_PER_SEED));
const lying = measureLying(worlds(seeds * WALKS_PER_SEED));
const target = sum(plain, ({ one }) => one.reads === 'many' && one.tags >= 20 && one.strays <= 10);
const all = sum([...plain, ...troubled]);
report({ name: 'pallets of 20 and more, up to 10 strays, many reads' }, target);
report({ name: 'single walks' }, walks);
report({ name: 'tags at rest' }, lying);
report({ name: 'all' }, all);

/** Sums over strays and speeds: what a reader of the table looks for first. */
function sums(): [string, Tally][] {
  const out: [string, Tally][] = [];
  for (const reads of ['many', 2, 1] as const) {
    for (const tags of [1, 5, 20, 50]) {
      for (const eyes of EYES) {
        const what = `${tags} ${tags === 1 ? 'tag' : 'tags'}, ${READS[reads]}${eyes ? ', photo-eye' : ''}`;
        out.push([what, sum(plain, (row) => row.one.reads === reads && row.one.tags === tags && row.eyes === eyes)]);
      }
    }
  }
  for (const also of new Set(TROUBLED.map((one) => one.also))) {
    for (const eyes of EYES) {
      out.push([`20 tags, ${also}${eyes ? ', photo-eye' : ''}`, sum(troubled, (row) => row.one.also === also && row.eyes === eyes)]);
    }
  }
  return out;
}

if (!json) {
  console.log(
    `Worlds ${from} to ${from + seeds - 1} of the test family; photo-eyes are ${KNOWS_EYES ? 'told to' : 'not known by'} this edge.\n`,
  );
  const heads: [string, Tally][] = [
    ['pallets of 20 and more, up to 10 strays, many reads', target],
    ['single walks in the room of the recordings', walks],
    ['tags at rest in the same room', lying],
    ['everything', all],
  ];
  console.log(`${sumsTable([...heads, ...sums()])}\n\n${calibrationTable(all)}`);
  if (!brief) console.log(`\n${rowsTable(plain)}\n\n${rowsTable(troubled)}`);
}
