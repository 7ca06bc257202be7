import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { PIECE_UNITS } from '../../protocol/quantity.ts';
import { Failure, Loading } from './answer.tsx';
import { pathOf } from './api.ts';
import { explain } from './explanations.ts';
import { Icon } from './icons.tsx';
import { count, decimals, language, money, time, unitPrice, words } from './language.ts';
import { useLoad } from './load.ts';
import { nameOf, siteName, zoneOf } from './masterdata.ts';
import { documentsChanged } from './news.ts';
import type { Document, DocumentLine, Movement, Page } from './shapes.ts';
import { StatusTag } from './status.tsx';

/** As many movements of one article as explain a line; more of them are on the movements view. */
const MOVEMENTS = 200;

/** The movements that carry a reference of the document: what the doors say about this line. */
function Behind({ document, gtin }: { document: Document; gtin: string }): JSX.Element {
  const { invoice: w, movements } = words.value;
  const { data, fault } = useLoad<Page<Movement>>(pathOf('/v1/movements', { gtin, limit: MOVEMENTS }), documentsChanged.value).value;
  if (fault !== undefined) return <Failure fault={fault} />;
  if (data === undefined) return <Loading />;
  const references = [document.despatchRef, document.orderRef, document.number];
  const behind = data.data.filter((movement) => movement.document !== null && references.includes(movement.document.number));
  if (behind.length === 0) return <p class="quiet">{w.noMovements}</p>;
  return (
    <ul class="behind">
      {behind.map((movement) => (
        <li key={`${movement.entry} ${movement.direction}`}>
          <Icon name={movement.direction} />
          <b class="number">{count(movement.quantity)}</b>
          <span>{movements[movement.direction]}</span>
          <span>
            {siteName(movement.site)}, {movement.door}
          </span>
          <time>{time(movement.at, zoneOf(movement.site))}</time>
          <span class="quiet">
            {movements.entry} {count(movement.entry)}
          </span>
        </li>
      ))}
    </ul>
  );
}

const figure = (n: number): string => (n === 0 ? '·' : count(n));

/** Lines of orders and despatch advices are not matched themselves. */
const isMatched = ({ kind }: Document): boolean => kind === 'invoice' || kind === 'creditNote';

function LineRow({ document, line }: { document: Document; line: DocumentLine }): JSX.Element {
  const { invoice: w } = words.value;
  const open = useSignal(false);
  const matched = isMatched(document);
  const name = line.name ?? (line.gtin === null ? line.id : nameOf(line.gtin));
  return (
    <>
      <tr data-line={line.id} class={open.value ? 'open' : ''}>
        <td class="lead grow">
          <b>{name}</b>
          {line.gtin !== null && line.gtin !== name && <small class="quiet number">{line.gtin}</small>}
        </td>
        <td class="number nowrap" data-label={w.billed}>
          {decimals(line.quantity)}
          {line.unit !== null && !PIECE_UNITS.has(line.unit) && <small class="quiet"> {line.unit}</small>}
        </td>
        {matched && (
          <>
            <td class="number" data-label={w.matched}>
              {figure(line.matched)}
            </td>
            <td class={`number ${line.short > 0 ? 'bad' : ''}`} data-label={w.short}>
              {figure(line.short)}
            </td>
            <td class={`number ${line.over > 0 ? 'warn' : ''}`} data-label={w.over}>
              {figure(line.over)}
            </td>
          </>
        )}
        <td class="number nowrap wide">{line.price === null ? '' : unitPrice(line.price, document.currency)}</td>
        <td class="number nowrap wide">{line.net === null ? '' : money(line.net, document.currency)}</td>
        {matched && <td class="end">{line.status !== null && <StatusTag status={line.status} />}</td>}
      </tr>
      {matched && (
        <tr class="below">
          <td colSpan={8}>
            <div class="line-words">
              {line.explanation !== null && <span>{explain(line.explanation, language.value)}</span>}
              {line.gtin !== null && (
                <button type="button" class="plain" aria-expanded={open.value} onClick={() => (open.value = !open.value)}>
                  {open.value ? w.movements : w.showMovements}
                </button>
              )}
            </div>
            {open.value && line.gtin !== null && <Behind document={document} gtin={line.gtin} />}
          </td>
        </tr>
      )}
    </>
  );
}

export function Lines({ document }: { document: Document }): JSX.Element {
  const { invoice: w, status } = words.value;
  const matched = isMatched(document);
  return (
    <section class="card flush lines" aria-labelledby="lines-title">
      <h2 id="lines-title">{w.lines}</h2>
      <div class="scroll">
        <table class="line-table">
          <thead>
            <tr>
              <th scope="col">{w.article}</th>
              <th scope="col" class="number">
                {w.billed}
              </th>
              {matched && (
                <>
                  <th scope="col" class="number">
                    {w.matched}
                  </th>
                  <th scope="col" class="number">
                    {w.short}
                  </th>
                  <th scope="col" class="number">
                    {w.over}
                  </th>
                </>
              )}
              <th scope="col" class="number wide">
                {w.price}
              </th>
              <th scope="col" class="number wide">
                {w.net}
              </th>
              {matched && (
                <th scope="col" class="end">
                  {status}
                </th>
              )}
            </tr>
          </thead>
          <tbody>
            {document.lines.map((line) => (
              <LineRow key={line.id} document={document} line={line} />
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
