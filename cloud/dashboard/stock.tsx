import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { Empty, Failure, Loading } from './answer.tsx';
import type { ApiFault } from './api.ts';
import { count, words } from './language.ts';
import { all, asFault, useLoad } from './load.ts';
import { nameOf, siteName, sites } from './masterdata.ts';
import { stockKey, stockNow } from './news.ts';
import type { Page, StockRow } from './shapes.ts';

/** What a table in a browser can show at once; a larger warehouse is looked at site by site or searched. */
const MOST_ROWS = 2_000;

/** The rows of all pages with what has changed since; `site` empty: of every site. */
function useStock(site: string): { rows: readonly StockRow[] | undefined; fault: ApiFault | undefined } {
  const loaded = useSignal<{ rows?: readonly StockRow[]; fault?: ApiFault }>({});
  useEffect(() => {
    loaded.value = {};
    all<StockRow>(site === '' ? '/v1/stock' : `/v1/stock?site=${encodeURIComponent(site)}`, MOST_ROWS).then(
      (rows) => (loaded.value = { rows }),
      (error) => (loaded.value = { fault: asFault(error) }),
    );
  }, [site]);
  const { rows, fault } = loaded.value;
  if (rows === undefined) return { rows, fault };
  const changes = new Map(stockNow.value);
  const merged = rows.map((row) => {
    const change = changes.get(stockKey(row.site, row.gtin));
    changes.delete(stockKey(row.site, row.gtin));
    return change === undefined ? row : { ...row, quantity: change.quantity };
  });
  const fresh = [...changes.values()].filter((change) => site === '' || change.site === site).map((change) => ({ ...change, name: null }));
  return { rows: [...merged, ...fresh], fault };
}

interface Item {
  readonly gtin: string;
  readonly name: string;
  readonly bySite: ReadonlyMap<string, number>;
}

function byItem(rows: readonly StockRow[]): Item[] {
  const items = new Map<string, { gtin: string; name: string; bySite: Map<string, number> }>();
  for (const { gtin, name, site, quantity } of rows) {
    const item = items.get(gtin) ?? { gtin, name: name ?? nameOf(gtin), bySite: new Map<string, number>() };
    item.bySite.set(site, quantity);
    items.set(gtin, item);
  }
  return [...items.values()].sort((a, b) => a.name.localeCompare(b.name) || (a.gtin < b.gtin ? -1 : 1));
}

function Quantity({ value, changed }: { value: number | undefined; changed: boolean }): JSX.Element {
  const { stock: w } = words.value;
  if (value === undefined) return <td class="number quiet">·</td>;
  return (
    // The key makes a new element of a new value, which the style sheet lets glow for a moment.
    <td class={`number ${value < 0 ? 'bad' : ''}`} title={value < 0 ? w.negative : undefined}>
      <span class={changed ? 'fresh' : ''} key={value}>
        {count(value)}
      </span>
    </td>
  );
}

function Table({ items, columns }: { items: readonly Item[]; columns: readonly string[] }): JSX.Element {
  const { stock: w } = words.value;
  const total = ({ bySite }: Item): number => [...bySite.values()].reduce((sum, quantity) => sum + quantity, 0);
  return (
    <div class="scroll">
      <table>
        <thead>
          <tr>
            <th scope="col">{w.article}</th>
            {columns.map((site) => (
              <th scope="col" class="number" key={site}>
                {siteName(site)}
              </th>
            ))}
            {columns.length > 1 && (
              <th scope="col" class="number">
                {w.total}
              </th>
            )}
          </tr>
        </thead>
        <tbody>
          {items.map((item) => (
            <tr key={item.gtin} data-gtin={item.gtin}>
              <td class="lead grow">
                {item.name}
                {item.name !== item.gtin && <small class="quiet number">{item.gtin}</small>}
              </td>
              {columns.map((site) => (
                <Quantity key={site} value={item.bySite.get(site)} changed={stockNow.value.has(stockKey(site, item.gtin))} />
              ))}
              {columns.length > 1 && (
                <td class="number">
                  <b>{count(total(item))}</b>
                </td>
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

export function Stock(): JSX.Element {
  const { stock: w } = words.value;
  const site = useSignal('');
  const search = useSignal('');
  const { rows, fault } = useStock(site.value);
  const head = useLoad<Page<StockRow>>('/v1/stock?limit=1', 0).value.data;
  const wanted = search.value.trim().toLowerCase();
  const items = byItem(rows ?? []).filter(({ name, gtin }) => `${name} ${gtin}`.toLowerCase().includes(wanted));
  const columns = [...new Set((rows ?? []).map((row) => row.site))].sort();
  return (
    <>
      <header class="view-head">
        <h1>{w.title}</h1>
        <div class="filters">
          <label>
            <span>{w.site}</span>
            <select value={site.value} onChange={(event) => (site.value = event.currentTarget.value)}>
              <option value="">{w.allSites}</option>
              {sites.value.map((one) => (
                <option key={one.site} value={one.site}>
                  {siteName(one.site)}
                </option>
              ))}
            </select>
          </label>
          <input
            type="search"
            placeholder={w.search}
            aria-label={w.search}
            value={search.value}
            onInput={(event) => (search.value = event.currentTarget.value)}
          />
        </div>
      </header>
      {fault !== undefined && <Failure fault={fault} />}
      {rows === undefined && fault === undefined && <Loading />}
      {rows !== undefined && items.length === 0 && (
        <Empty>
          <p>{wanted === '' ? w.empty : w.nothing}</p>
        </Empty>
      )}
      {items.length > 0 && (
        <section class="card flush">
          <Table items={items} columns={columns} />
        </section>
      )}
      {rows !== undefined && rows.length >= MOST_ROWS && <p class="quiet">{w.capped(count(MOST_ROWS))}</p>}
      {head !== undefined && items.length > 0 && <p class="quiet small">{w.asOf(count(head.entry))}</p>}
    </>
  );
}
