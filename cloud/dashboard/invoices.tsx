import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { Command, Empty, Failure, Loading } from './answer.tsx';
import { ask, pathOf } from './api.ts';
import { count, issueDate, money, words } from './language.ts';
import { asFault, useLoad } from './load.ts';
import { documentsChanged } from './news.ts';
import { Link, navigate } from './router.tsx';
import type { DocumentRow, Kind, Page } from './shapes.ts';
import { STATUSES, StatusTag } from './status.tsx';

const KINDS: readonly Kind[] = ['invoice', 'creditNote', 'order', 'despatchAdvice'];
const ROWS = 50;

const SEND = `curl -H "Authorization: Bearer $KEY" -H "Content-Type: application/xml" \\
  --data-binary @invoice.xml ${location.origin}/v1/documents`;

function Row({ row }: { row: DocumentRow }): JSX.Element {
  const w = words.value;
  const to = `/invoices/${encodeURIComponent(row.id)}`;
  return (
    // The link in the row is what keyboards and screen readers use; the rest of the row only makes it larger for a pointer.
    <tr class="link" data-document={row.number} onClick={() => navigate(to)}>
      <td class="lead">
        <Link to={to}>{row.number}</Link>
        {row.role !== null && <small class="quiet">{w.role[row.role]}</small>}
      </td>
      <td class="grow">{row.partner.name}</td>
      <td class="nowrap when">{issueDate(row.issueDate)}</td>
      <td class="number wide">{count(row.lineCount)}</td>
      <td class="number nowrap money">{row.total === null ? '' : money(row.total, row.currency)}</td>
      <td class="end">
        <StatusTag status={row.status} />
      </td>
    </tr>
  );
}

interface FilterProps {
  readonly kind: Kind;
  readonly status: string;
  readonly choose: (kind: Kind, status: string) => void;
}

function Filters({ kind, status, choose }: FilterProps): JSX.Element {
  const w = words.value;
  return (
    <div class="filters">
      <label>
        <span>{w.kind}</span>
        <select value={kind} onChange={(event) => choose(event.currentTarget.value as Kind, '')}>
          {KINDS.map((one) => (
            <option key={one} value={one}>
              {w.kinds[one]}
            </option>
          ))}
        </select>
      </label>
      <label>
        <span>{w.status}</span>
        <select value={status} onChange={(event) => choose(kind, event.currentTarget.value)}>
          <option value="">{w.allStatuses}</option>
          {STATUSES.map((one) => (
            <option key={one} value={one}>
              {w.statuses[one]}
            </option>
          ))}
        </select>
      </label>
    </div>
  );
}

function Table({ rows }: { rows: readonly DocumentRow[] }): JSX.Element {
  const { invoices: w, status } = words.value;
  return (
    <table class="rows">
      <thead>
        <tr>
          <th scope="col">{w.number}</th>
          <th scope="col">{w.partner}</th>
          <th scope="col">{w.date}</th>
          <th scope="col" class="number wide">
            {w.lines}
          </th>
          <th scope="col" class="number">
            {w.total}
          </th>
          <th scope="col" class="end">
            {status}
          </th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <Row key={row.id} row={row} />
        ))}
      </tbody>
    </table>
  );
}

export function Invoices(): JSX.Element {
  const w = words.value;
  const filter = useSignal<{ readonly kind: Kind; readonly status: string }>({ kind: 'invoice', status: '' });
  const { kind, status } = filter.value;
  const path = pathOf('/v1/documents', { kind, status, limit: ROWS });
  const { data, fault } = useLoad<Page<DocumentRow>>(path, documentsChanged.value).value;
  // Pages after the first are loaded by hand and stay as they are; the first is kept up to date.
  const older = useSignal<{ readonly path: string; readonly rows: readonly DocumentRow[]; readonly next: string | null } | null>(null);
  const more = older.value?.path === path ? older.value : null;
  const first = data?.data ?? [];
  const known = new Set(first.map(({ id }) => id));
  const rows = [...first, ...(more?.rows ?? []).filter(({ id }) => !known.has(id))];
  const next = more === null ? (data?.next ?? null) : more.next;
  const failed = useSignal<unknown>(undefined);
  const loadMore = async (): Promise<void> => {
    try {
      const page = (await (await ask(pathOf('/v1/documents', { kind, status, limit: ROWS, cursor: next }))).json()) as Page<DocumentRow>;
      older.value = { path, rows: [...(more?.rows ?? []), ...page.data], next: page.next };
    } catch (error) {
      failed.value = error;
    }
  };
  return (
    <>
      <header class="view-head">
        <h1>{w.invoices.title}</h1>
        <Filters kind={kind} status={status} choose={(nextKind, nextStatus) => (filter.value = { kind: nextKind, status: nextStatus })} />
      </header>
      {fault !== undefined && <Failure fault={fault} />}
      {data === undefined && fault === undefined && <Loading />}
      {data !== undefined && rows.length === 0 && (
        <Empty>
          <p>{status !== '' ? w.invoices.emptyStatus : kind === 'invoice' ? w.invoices.emptyFirst : w.invoices.empty}</p>
          {status === '' && kind === 'invoice' && <Command text={SEND} />}
        </Empty>
      )}
      {rows.length > 0 && (
        <section class="card flush">
          <Table rows={rows} />
        </section>
      )}
      {failed.value !== undefined && <Failure fault={asFault(failed.value)} />}
      {next !== null && (
        <button type="button" class="button more" onClick={loadMore}>
          {w.more}
        </button>
      )}
    </>
  );
}
