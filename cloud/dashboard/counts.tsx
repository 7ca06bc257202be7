import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { minorText } from '../../protocol/money.ts';
import { Empty, Failure, Loading } from './answer.tsx';
import { type ApiFault, send } from './api.ts';
import { Icon } from './icons.tsx';
import { count, language, money, time, words } from './language.ts';
import { asFault, useLoad } from './load.ts';
import { nameOf, siteName, zoneOf } from './masterdata.ts';
import { countsChanged } from './news.ts';
import { Link } from './router.tsx';
import type { CountFinding, CountPlan, CountRow, Page } from './shapes.ts';

const ROWS = 50;
const FINDINGS = 100;

/** A zone as people call it. */
export const zoneName = (zone: string, name: string | null): string => (zone === '*' ? words.value.counts.wholeSite : (name ?? zone));

/** Closes a finding with a reason: the one thing that head office can do about it without going there. */
function Settle({ finding }: { finding: CountFinding }): JSX.Element {
  const { counts: w } = words.value;
  const open = useSignal(false);
  const reason = useSignal('');
  const busy = useSignal(false);
  const fault = useSignal<ApiFault | undefined>(undefined);
  const settle = async (event: Event): Promise<void> => {
    event.preventDefault();
    busy.value = true;
    try {
      await send(`/v1/counts/${finding.count}/settle`, { gtin: finding.gtin, reason: reason.value.trim() });
      fault.value = undefined;
      open.value = false;
      countsChanged.value++;
    } catch (error) {
      fault.value = asFault(error);
    }
    busy.value = false;
  };
  if (!open.value) {
    return (
      <button type="button" class="button settle" onClick={() => (open.value = true)}>
        {w.settle}
      </button>
    );
  }
  return (
    <form class="settle" onSubmit={settle}>
      <input
        maxLength={200}
        aria-label={w.reason}
        placeholder={w.reason}
        value={reason.value}
        onInput={(event) => (reason.value = event.currentTarget.value)}
      />
      <button type="submit" class="button primary" disabled={busy.value || reason.value.trim() === ''}>
        {w.settleYes}
      </button>
      <button type="button" class="button" onClick={() => (open.value = false)}>
        {w.cancel}
      </button>
      {fault.value !== undefined && <Failure fault={fault.value} />}
    </form>
  );
}

function Finding({ finding }: { finding: CountFinding }): JSX.Element {
  const { counts: w } = words.value;
  const { amount, currency, gtin } = finding;
  return (
    <li data-finding={`${finding.code} ${gtin}`}>
      <Icon name="warning" class={finding.code === 'SHRINKAGE' ? 'bad' : 'warn'} />
      <Link class="finding-number" to={`/counts/${finding.count}`}>
        {finding.name ?? nameOf(gtin)}
      </Link>
      <div class="finding-words finding-text">
        <b>
          {w.codes[finding.code]}
          {amount !== null && currency !== null && <span class="number"> {money(minorText(amount, currency), currency)}</span>}
        </b>
        <p>{finding.text[language.value]}</p>
        <Settle finding={finding} />
      </div>
    </li>
  );
}

function Findings(): JSX.Element | null {
  const { counts: w } = words.value;
  const { data, fault } = useLoad<Page<CountFinding>>(`/v1/counts/findings?limit=${FINDINGS}`, countsChanged.value).value;
  if (fault !== undefined) return <Failure fault={fault} />;
  if (data === undefined || data.data.length === 0) return null;
  return (
    <section class="card flush" aria-labelledby="count-findings">
      <h2 id="count-findings">{w.findings}</h2>
      <ul class="findings list">
        {data.data.map((finding) => (
          <Finding key={`${finding.count} ${finding.gtin} ${finding.code}`} finding={finding} />
        ))}
      </ul>
    </section>
  );
}

function Plan(): JSX.Element | null {
  const { counts: w } = words.value;
  const { data } = useLoad<CountPlan>('/v1/counts/plan', countsChanged.value).value;
  if (data === undefined || data.zones.length === 0) return null;
  return (
    <section class="card flush" aria-labelledby="count-plan">
      <h2 id="count-plan">{w.plan}</h2>
      <div class="scroll">
        <table class="count-table">
          <thead>
            <tr>
              <th scope="col">{w.day}</th>
              <th scope="col">{w.zone}</th>
              <th scope="col" class="number">
                {w.items}
              </th>
              <th scope="col" class="number">
                {w.value}
              </th>
              <th scope="col">{w.last}</th>
            </tr>
          </thead>
          <tbody>
            {data.zones.map(({ site, zone, name, quantity, value, currency, ageDays, day }) => (
              <tr key={`${site} ${zone}`} data-plan={zone}>
                <td class="nowrap">{day === 1 ? <b>{w.today}</b> : w.inDays(count(day - 1))}</td>
                <td class="lead grow">
                  {zoneName(zone, name)}
                  <small class="quiet">{siteName(site)}</small>
                </td>
                <td class="number">{count(quantity)}</td>
                <td class="number">{value === null || currency === null ? '—' : money(minorText(value, currency), currency)}</td>
                <td class="nowrap">{ageDays === null ? w.never : ageDays === 0 ? w.today : w.age(count(ageDays))}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p class="quiet small plan-note">
        {[
          ...data.unassigned.flatMap(({ site, quantity }) => (quantity > 0 ? w.unassigned(count(quantity), siteName(site)) : [])),
          ...(data.basis === 'quantity' ? [w.byQuantity] : []),
        ].join(' ')}
      </p>
    </section>
  );
}

function Row({ row }: { row: CountRow }): JSX.Element {
  const { counts: w } = words.value;
  return (
    <tr data-count={row.entry}>
      <td class="nowrap when">
        <time>{time(row.closed, zoneOf(row.site))}</time>
      </td>
      <td class="lead grow">
        <Link to={`/counts/${row.entry}`}>{zoneName(row.zone, row.name)}</Link>
        <small class="quiet">
          {siteName(row.site)} · {w.approvedBy(row.by)}
        </small>
      </td>
      <td class="number">{count(row.read)}</td>
      <td class={`number ${row.lost > 0 ? 'warn' : ''}`}>{row.lost === 0 ? '' : `−${count(row.lost)}`}</td>
      <td class={`number ${row.surplus > 0 ? 'warn' : ''}`}>{row.surplus === 0 ? '' : `+${count(row.surplus)}`}</td>
      <td class="nowrap">
        {!row.complete ? w.incomplete : row.open > 0 ? <span class="warn">{w.open(row.open)}</span> : <Icon name="check" class="good" />}
      </td>
    </tr>
  );
}

/** Counts of the sites: what is open, what to count next, what was counted. */
export function Counts(): JSX.Element {
  const { counts: w } = words.value;
  const { data, fault } = useLoad<Page<CountRow>>(`/v1/counts?limit=${ROWS}`, countsChanged.value).value;
  return (
    <>
      <header class="view-head">
        <h1>{w.title}</h1>
      </header>
      <Findings />
      <Plan />
      {fault !== undefined && <Failure fault={fault} />}
      {data === undefined && fault === undefined && <Loading />}
      {data !== undefined && data.data.length === 0 && (
        <Empty>
          <p>{w.empty}</p>
        </Empty>
      )}
      {data !== undefined && data.data.length > 0 && (
        <section class="card flush" aria-labelledby="counts">
          <h2 id="counts">{w.done}</h2>
          <div class="scroll">
            <table class="count-table">
              <thead>
                <tr>
                  <th scope="col">{w.time}</th>
                  <th scope="col">{w.zone}</th>
                  <th scope="col" class="number">
                    {w.read}
                  </th>
                  <th scope="col" class="number">
                    {w.lost}
                  </th>
                  <th scope="col" class="number">
                    {w.surplus}
                  </th>
                  <th scope="col">{w.state}</th>
                </tr>
              </thead>
              <tbody>
                {data.data.map((row) => (
                  <Row key={row.entry} row={row} />
                ))}
              </tbody>
            </table>
          </div>
        </section>
      )}
    </>
  );
}
