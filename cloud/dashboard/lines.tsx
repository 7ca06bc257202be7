import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { PIECE_UNITS } from '../../protocol/quantity.ts';
import { Icon } from './icons.tsx';
import { count, decimals, language, money, unitPrice, words } from './language.ts';
import { nameOf } from './masterdata.ts';
import { Proof } from './proof.tsx';
import type { Document, DocumentLine } from './shapes.ts';
import { StatusTag } from './status.tsx';

const figure = (n: number): string => (n === 0 ? '·' : count(n));

/** Lines of orders and despatch advices are not matched themselves. */
const isMatched = ({ kind }: Document): boolean => kind === 'invoice' || kind === 'creditNote';

/** A document of more lines is read line by line. */
const FEW_LINES = 20;

function LineRow({ document, line }: { document: Document; line: DocumentLine }): JSX.Element {
  const { invoice: w, proof } = words.value;
  // What is wrong shows its proof unasked.
  const open = useSignal(line.status !== 'MATCHED' && document.lines.length <= FEW_LINES);
  const matched = isMatched(document);
  const name = line.name ?? (line.gtin === null ? line.id : nameOf(line.gtin));
  return (
    <>
      <tr data-line={line.id}>
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
        <tr class="below" data-below={line.id}>
          <td colSpan={8}>
            <div class="line-words">
              {line.explanation !== null && <span>{line.explanation.text[language.value]}</span>}
              {line.allocationsTotal > 0 && (
                <button type="button" class="plain" aria-expanded={open.value} onClick={() => (open.value = !open.value)}>
                  {proof.title(line.allocationsTotal, count(line.allocationsTotal))} <Icon name={open.value ? 'less' : 'more'} />
                </button>
              )}
            </div>
            {open.value && line.allocationsTotal > 0 && <Proof line={line} />}
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
