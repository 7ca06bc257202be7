import type { JSX } from 'preact';
import { minorText } from '../../protocol/money.ts';
import { Failure, Loading } from './answer.tsx';
import { zoneName } from './counts.tsx';
import { Icon } from './icons.tsx';
import { count, dateTime, money, words } from './language.ts';
import { useLoad } from './load.ts';
import { siteName, zoneOf } from './masterdata.ts';
import { countsChanged } from './news.ts';
import { Link } from './router.tsx';
import type { CountLine, Count as Shape } from './shapes.ts';

const sum = ({ unknown, out, elsewhere, neverIn }: CountLine['surplus']): number => unknown + out + elsewhere + neverIn;

function Serials({ of, numbers }: { of: string; numbers: readonly number[] }): JSX.Element | null {
  if (numbers.length === 0) return null;
  return (
    <p class="small number">
      <b>{of}</b> {numbers.join(' · ')}
    </p>
  );
}

function Line({ line }: { line: CountLine }): JSX.Element {
  const { counts: w } = words.value;
  const { gtin, name, surplus, lost, explained, settled, amount, currency, serials } = line;
  const more = sum(surplus);
  const kinds = (['unknown', 'out', 'elsewhere', 'neverIn'] as const).flatMap((kind) =>
    surplus[kind] === 0 ? [] : w.kinds[kind](count(surplus[kind])),
  );
  const taken = explained.lost + explained.surplus;
  return (
    <>
      <tr data-line={gtin}>
        <td class="lead grow">
          {name ?? gtin}
          {name !== null && <small class="quiet number">{gtin}</small>}
        </td>
        <td class="number">{count(line.read)}</td>
        <td class={`number ${lost > 0 ? 'warn' : ''}`}>{lost === 0 ? '' : `−${count(lost)}`}</td>
        <td class={`number ${more > 0 ? 'warn' : ''}`}>{more === 0 ? '' : `+${count(more)}`}</td>
        <td class="number">
          {amount === null || currency === null || lost + more === 0 ? '' : money(minorText(amount, currency), currency)}
        </td>
      </tr>
      {lost + more + line.found + line.relocated > 0 && (
        <tr class="below">
          <td colSpan={5}>
            {kinds.length > 0 && <p class="small">{kinds.join(', ')}</p>}
            {line.found > 0 && <p class="small">{w.found(count(line.found))}</p>}
            {line.relocated > 0 && <p class="small">{w.relocated(count(line.relocated))}</p>}
            {taken > 0 && <p class="small good">{w.explained(count(taken))}</p>}
            {settled !== null && <p class="small good">{w.settled(settled.by, settled.reason)}</p>}
            <Serials of={w.lostSerials} numbers={serials.lost} />
            <Serials of={w.surplusSerials} numbers={serials.surplus} />
          </td>
        </tr>
      )}
    </>
  );
}

/** One count with its differences by article and serial. */
export function Count({ id }: { id: string }): JSX.Element {
  const { counts: w, loading } = words.value;
  const { data, fault } = useLoad<Shape>(`/v1/counts/${encodeURIComponent(id)}`, countsChanged.value).value;
  return (
    <>
      <p class="crumb">
        <Link to="/counts">
          <Icon name="back" /> {w.back}
        </Link>
      </p>
      {fault !== undefined && <Failure fault={fault} />}
      {data === undefined && fault === undefined && <Loading key={loading} />}
      {data !== undefined && (
        <>
          <header class="view-head">
            <h1>{zoneName(data.zone, data.name)}</h1>
            <dl class="sums">
              <div>
                <dt>{w.read}</dt>
                <dd>{count(data.read)}</dd>
              </div>
              <div>
                <dt>{w.lost}</dt>
                <dd>{count(data.lost)}</dd>
              </div>
              <div>
                <dt>{w.surplus}</dt>
                <dd>{count(data.surplus)}</dd>
              </div>
            </dl>
          </header>
          <p class="quiet count-facts">
            {siteName(data.site)}, {dateTime(data.closed, zoneOf(data.site))} · {w.passes(data.passes)} · {w.approvedBy(data.by)} ·{' '}
            {data.expectedAt === null ? w.blind : w.listed(dateTime(data.expectedAt, zoneOf(data.site)))}
          </p>
          {data.passes < 2 && data.missing > 0 && <p class="note warn">{w.onePass(count(data.missing))}</p>}
          <section class="card flush">
            <div class="scroll">
              <table class="count-table">
                <thead>
                  <tr>
                    <th scope="col">{w.article}</th>
                    <th scope="col" class="number">
                      {w.read}
                    </th>
                    <th scope="col" class="number">
                      {w.lost}
                    </th>
                    <th scope="col" class="number">
                      {w.surplus}
                    </th>
                    <th scope="col" class="number">
                      {w.value}
                    </th>
                  </tr>
                </thead>
                <tbody>
                  {data.lines.map((line) => (
                    <Line key={line.gtin} line={line} />
                  ))}
                </tbody>
              </table>
            </div>
          </section>
        </>
      )}
    </>
  );
}
