import { parseArgs } from 'node:util';
import { calibrationError, calibrationOf } from './calibration.ts';
import { type Case, PLAIN, TROUBLED } from './cases.ts';
import { KNOWS_EYES } from './door.ts';
import { measure, measureLying, measureWalks } from './measure.ts';
import { testWorld } from './seeds.ts';
import { calibrationTable, type Row, readsPerAntenna, rowsTable, sumsTable } from './table.ts';
import { add, emptyTally, type Tally } from './tally.ts';

/**
 * `npm run accuracy -- [--seeds N] [--from N] [--json]`: the edge's doors against simulated pallets, as Markdown, on worlds that nothing
 * was fitted on. With `--json` one object a row, and one for the calibration.
 */
const USAGE = 'npm run accuracy -- [--seeds N] [--from N] [--json]';
/** Worlds per row: 50 tags make 1,000 items of it. */
const SEEDS = 20;
/** A single walk is one item: many more worlds for the same certainty. */
const WALKS_PER_SEED = 32;

function options(): { seeds: number; from: number; json: boolean } {
  try {
    const { values } = parseArgs({
      options: {
        seeds: { type: 'string', default: String(SEEDS) },
        from: { type: 'string', default: '1' },
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
    return { seeds, from, json: values.json };
  } catch (error) {
    console.error(`docket: ${(error as Error).message}\n${USAGE}`);
    process.exit(2);
  }
}

const { seeds, from, json } = options();
const worlds = (count: number) => Array.from({ length: count }, (_, i) => testWorld(from + i));

function report(what: object, tally: Tally): void {
  const { verdicts, ...counts } = tally;
  const error = calibrationError(calibrationOf(verdicts));
  if (json) console.log(JSON.stringify({ ...what, ...counts, readsPerAntenna: readsPerAntenna(tally), calibrationError: error }));
}

function rowsOf(cases: readonly Case[]): Row[] {
  return cases.flatMap((one) =>
    [false, true].map((eyes) => {
      const row = { one, eyes, tally: measure(one, worlds(seeds), eyes) };
      report({ ...one, photoEye: eyes }, row.tally);
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

if (!json) {
  console.log(
    `Worlds ${from} to ${from + seeds - 1} of the test family; photo-eyes ${KNOWS_EYES ? 'are told to' : 'are not known by'} this edge.\n`,
  );
  const sums = [
    ['pallets of 20 and more, up to 10 strays, many reads', target],
    ['single walks in the room of the recordings', walks],
    ['tags at rest in the same room', lying],
    ['all rows of the tables below', all],
  ] as const;
  console.log(`${sumsTable(sums)}\n\n${calibrationTable(all)}\n\n${rowsTable(plain)}\n\n${rowsTable(troubled)}`);
}
