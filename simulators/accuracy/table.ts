import { type Bin, calibrationError, calibrationOf } from './calibration.ts';
import type { Case } from './cases.ts';
import type { Tally } from './tally.ts';

export interface Row {
  readonly one: Case;
  readonly eyes: boolean;
  readonly tally: Tally;
}

const HEAD =
  '| tags | strays | speed | reads per antenna | photo-eye | items | right % | wrong % | asked % | dropped % | unheard | strays moved % | strays asked % |';
const RULE = '|---:|---:|---|---:|---|---:|---:|---:|---:|---:|---:|---:|---:|';
const ANTENNAS = 4;

const percent = (part: number, whole: number): string => (whole === 0 ? '-' : ((100 * part) / whole).toFixed(2));

function cells(tally: Tally): string {
  const { items, right, wrong, asked, dropped, unheard, strays, straysMoved, straysAsked } = tally;
  const shares = [right, wrong, asked, dropped].map((part) => percent(part, items)).join(' | ');
  return `${items} | ${shares} | ${unheard} | ${percent(straysMoved, strays)} | ${percent(straysAsked, strays)}`;
}

/** Mean reads of an item by one antenna. */
export const readsPerAntenna = ({ reads, items }: Tally): number => (items === 0 ? 0 : reads / items / ANTENNAS);

export function rowsTable(rows: readonly Row[]): string {
  const lines = rows.map(({ one, eyes, tally }) => {
    const also = one.also === undefined ? one.speed : `${one.speed}, ${one.also}`;
    const what = `${one.tags} | ${one.strays} | ${also} | ${readsPerAntenna(tally).toFixed(1)} | ${eyes ? 'yes' : 'no'}`;
    return `| ${what} | ${cells(tally)} |`;
  });
  return [HEAD, RULE, ...lines].join('\n');
}

const SUMS_HEAD = '| what | items | right % | wrong % | asked % | dropped % | unheard | strays moved % | strays asked % |';
const SUMS_RULE = '|---|---:|---:|---:|---:|---:|---:|---:|---:|';

export function sumsTable(sums: readonly (readonly [what: string, tally: Tally])[]): string {
  return [SUMS_HEAD, SUMS_RULE, ...sums.map(([what, tally]) => `| ${what} | ${cells(tally)} |`)].join('\n');
}

function calibrationRows(bins: readonly Bin[]): string[] {
  return bins.map(({ from, to, count, said, right }) => `| ${from} to ${to} | ${count} | ${said.toFixed(4)} | ${right.toFixed(4)} |`);
}

export function calibrationTable(tally: Tally): string {
  const bins = calibrationOf(tally.verdicts);
  const error = `Expected calibration error: ${calibrationError(bins).toFixed(4)} over ${tally.verdicts.length} verdicts.`;
  return ['| confidence | verdicts | said | right |', '|---|---:|---:|---:|', ...calibrationRows(bins), '', error].join('\n');
}
