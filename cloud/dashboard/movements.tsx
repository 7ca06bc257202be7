import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { Empty, Failure, Loading } from './answer.tsx';
import { ask, pathOf } from './api.ts';
import { zoneName } from './counts.tsx';
import { Icon } from './icons.tsx';
import { count, time, words } from './language.ts';
import { asFault, useLoad } from './load.ts';
import { nameOf, siteName, zoneOf } from './masterdata.ts';
import { movementsNow } from './news.ts';
import type { Movement, Page } from './shapes.ts';

const ROWS = 50;

const keyOf = ({ entry, gtin, direction, reason }: Movement): string => `${entry} ${gtin} ${direction} ${reason ?? ''}`.trim();

/** News first, then the pages; each movement once. */
function merged(...lists: readonly (readonly Movement[])[]): Movement[] {
  const byKey = new Map<string, Movement>();
  for (const movement of lists.flat()) if (!byKey.has(keyOf(movement))) byKey.set(keyOf(movement), movement);
  return [...byKey.values()].sort((a, b) => b.entry - a.entry);
}

function Row({ movement, fresh }: { movement: Movement; fresh: boolean }): JSX.Element {
  const { movements: w } = words.value;
  const { direction, document, gtin } = movement;
  const name = nameOf(gtin);
  return (
    <tr class={fresh ? 'fresh' : ''} data-movement={keyOf(movement)}>
      <td class="nowrap when">
        <time>{time(movement.at, zoneOf(movement.site))}</time>
      </td>
      <td class="nowrap way">
        <Icon name={direction} class={direction === 'in' ? 'good' : 'calm'} /> {w[direction]}
      </td>
      <td class="number">
        <b>{count(movement.quantity)}</b>
      </td>
      <td class="lead grow">
        {name}
        {name !== gtin && <small class="quiet number">{gtin}</small>}
        {movement.reason !== undefined && <small class="warn">{words.value.counts.reasons[movement.reason]}</small>}
      </td>
      <td class="nowrap where">
        {siteName(movement.site)}, {movement.reason === undefined ? movement.door : zoneName(movement.door, null)}
      </td>
      <td class="wide">{document?.number ?? ''}</td>
      <td class="number quiet wide">{count(movement.entry)}</td>
    </tr>
  );
}

export function Movements(): JSX.Element {
  const { movements: w, more } = words.value;
  const { data, fault } = useLoad<Page<Movement>>(`/v1/movements?limit=${ROWS}`, 0).value;
  const older = useSignal<{ readonly rows: readonly Movement[]; readonly next: string | null } | null>(null);
  const failed = useSignal<unknown>(undefined);
  const next = older.value === null ? (data?.next ?? null) : older.value.next;
  const loadMore = async (): Promise<void> => {
    try {
      const page = (await (await ask(pathOf('/v1/movements', { limit: ROWS, cursor: next }))).json()) as Page<Movement>;
      older.value = { rows: [...(older.value?.rows ?? []), ...page.data], next: page.next };
    } catch (error) {
      failed.value = error;
    }
  };
  const fresh = new Set(movementsNow.value.map(keyOf));
  const rows = data === undefined ? [] : merged(movementsNow.value, data.data, older.value?.rows ?? []);
  return (
    <>
      <header class="view-head">
        <h1>{w.title}</h1>
      </header>
      {fault !== undefined && <Failure fault={fault} />}
      {data === undefined && fault === undefined && <Loading />}
      {data !== undefined && rows.length === 0 && (
        <Empty>
          <p>{w.empty}</p>
        </Empty>
      )}
      {rows.length > 0 && (
        <section class="card flush">
          <div class="scroll">
            <table class="moves">
              <thead>
                <tr>
                  <th scope="col">{w.time}</th>
                  <th scope="col">{`${w.in}/${w.out}`}</th>
                  <th scope="col" class="number">
                    {w.quantity}
                  </th>
                  <th scope="col">{w.article}</th>
                  <th scope="col">{w.place}</th>
                  <th scope="col" class="wide">
                    {w.document}
                  </th>
                  <th scope="col" class="number wide">
                    {w.entry}
                  </th>
                </tr>
              </thead>
              <tbody>
                {rows.map((movement) => (
                  <Row key={keyOf(movement)} movement={movement} fresh={fresh.has(keyOf(movement))} />
                ))}
              </tbody>
            </table>
          </div>
        </section>
      )}
      {failed.value !== undefined && <Failure fault={asFault(failed.value)} />}
      {next !== null && (
        <button type="button" class="button more" onClick={loadMore}>
          {more}
        </button>
      )}
    </>
  );
}
