import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { Failure, Loading } from './answer.tsx';
import { Icon } from './icons.tsx';
import { count, time, words } from './language.ts';
import { useLoad } from './load.ts';
import { nameOf, siteName, zoneOf } from './masterdata.ts';
import { readRecord } from './serials.ts';
import type { Allocation, DocumentLine, Entry } from './shapes.ts';

/** Which items they were: read from the record itself, as the node wrote it. */
function Detail({ allocation, gtin }: { allocation: Allocation; gtin: string | null }): JSX.Element {
  const { proof: w } = words.value;
  // An entry never changes: once read it is read.
  const { data, fault } = useLoad<Entry>(`/v1/entries/${allocation.entry}`, 0).value;
  if (fault !== undefined) return <Failure fault={fault} />;
  if (data === undefined) return <Loading />;
  if (data.body === null) return <p class="quiet">{w.erased}</p>;
  const { serials, origin } = readRecord(data.body, allocation.ordinals);
  return (
    <div class="serials">
      {serials.map((item) => (
        <div key={item.gtin}>
          <h3>{item.gtin === gtin ? w.serials(item.numbers.length) : `${nameOf(item.gtin)}, ${w.serials(item.numbers.length)}`}</h3>
          <ul>
            {item.numbers.map((number) => (
              <li key={number}>{number}</li>
            ))}
          </ul>
        </div>
      ))}
      <p class="quiet small">
        {[
          w.entry(count(allocation.entry)),
          w.node(allocation.node),
          w.passage(origin.passage),
          ...(origin.by === undefined ? [] : [w.decided(origin.by)]),
          ...(origin.reason === undefined ? [] : [origin.reason]),
        ].join(' · ')}
      </p>
    </div>
  );
}

function Passage({ allocation, gtin }: { allocation: Allocation; gtin: string | null }): JSX.Element {
  const { proof: w } = words.value;
  const open = useSignal(false);
  const { at, direction, document, door, evidence, quantity, site } = allocation;
  return (
    <li data-entry={allocation.entry} data-evidence={evidence}>
      <button type="button" class="passage" aria-expanded={open.value} onClick={() => (open.value = !open.value)}>
        <span class="nowrap">
          <Icon name={direction} class={direction === 'in' ? 'good' : 'calm'} /> <b class="number">{count(quantity)}</b>{' '}
          {w[direction](quantity)}
        </span>
        <span>{w.door(door, siteName(site))}</span>
        <time>{time(at, zoneOf(site))}</time>
        <span class="evidence">
          {w.evidence[evidence]}
          {document !== null && <small class="quiet">{w.reference(document.kind, document.number, document.how)}</small>}
        </span>
        <Icon name={open.value ? 'less' : 'more'} />
      </button>
      {open.value && <Detail allocation={allocation} gtin={gtin} />}
    </li>
  );
}

/** The passages that prove a line, oldest first. */
export function Proof({ line }: { line: DocumentLine }): JSX.Element {
  const { proof: w } = words.value;
  const { allocations, allocationsTotal, gtin } = line;
  return (
    <ul class="proof">
      {allocations.map((allocation) => (
        <Passage key={`${allocation.entry} ${allocation.evidence} ${allocation.ordinals[0]?.[0]}`} allocation={allocation} gtin={gtin} />
      ))}
      {allocationsTotal > allocations.length && <li class="quiet">{w.others(count(allocationsTotal - allocations.length))}</li>}
    </ul>
  );
}
