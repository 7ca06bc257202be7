import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { minorText } from '../../protocol/money.ts';
import { Failure, Loading } from './answer.tsx';
import { download } from './api.ts';
import { Icon } from './icons.tsx';
import { count, dateTime, issueDate, language, money, words } from './language.ts';
import { Lines } from './lines.tsx';
import { asFault, useLoad } from './load.ts';
import { documentsChanged } from './news.ts';
import { Link } from './router.tsx';
import type { Document, Finding } from './shapes.ts';
import { StatusTag } from './status.tsx';

function Fact({ name, children }: { name: string; children: JSX.Element | string | null }): JSX.Element | null {
  if (children === null) return null;
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Facts({ document }: { document: Document }): JSX.Element {
  const { invoice: w } = words.value;
  return (
    <dl class="facts card">
      <Fact name={w.issued}>{issueDate(document.issueDate)}</Fact>
      <Fact name={w.total}>{document.total === null ? null : money(document.total, document.currency)}</Fact>
      <Fact name={w.despatch}>{document.despatchRef}</Fact>
      <Fact name={w.order}>{document.orderRef}</Fact>
      <Fact name={w.recorded}>{dateTime(document.at)}</Fact>
      <Fact name={w.entry}>{count(document.entry)}</Fact>
      <Fact name={w.original}>
        <code title={document.original}>{document.original.slice(0, 12)}…</code>
      </Fact>
    </dl>
  );
}

export function FindingText({ finding }: { finding: Finding }): JSX.Element {
  const { amount, currency, explanation } = finding;
  return (
    <>
      <span class="finding-words">{explanation.text[language.value]}</span>
      <b class="number nowrap">
        {amount === null || amount === 0 || currency === null ? '' : money(minorText(amount, currency), currency)}
      </b>
    </>
  );
}

function Findings({ findings }: { findings: readonly Finding[] }): JSX.Element {
  const { invoice: w } = words.value;
  return (
    <section class="card" aria-labelledby="findings-title">
      <h2 id="findings-title">{w.findings}</h2>
      {findings.length === 0 ? (
        <p class="quiet">
          <Icon name="check" class="good" /> {w.none}
        </p>
      ) : (
        <ul class="findings">
          {findings.map((finding) => (
            <li key={`${finding.line} ${finding.code}`} data-finding={finding.code}>
              <Icon name="warning" class="bad" />
              {finding.line !== null && (
                <span class="quiet nowrap">
                  {w.line} {finding.line}
                </span>
              )}
              <FindingText finding={finding} />
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

export function Invoice({ id }: { id: string }): JSX.Element {
  const w = words.value;
  const { data, fault } = useLoad<Document>(`/v1/documents/${encodeURIComponent(id)}`, documentsChanged.value).value;
  const failed = useSignal<unknown>(undefined);
  const save = async (): Promise<void> => {
    failed.value = undefined;
    if (data !== undefined) await download(data.id, data.number).catch((error: unknown) => (failed.value = error));
  };
  return (
    <>
      <p class="crumb">
        <Link to="/invoices">
          <Icon name="back" /> {w.invoice.back}
        </Link>
      </p>
      {fault?.code === 'NOT_FOUND' && <p class="empty">{w.invoice.notFound}</p>}
      {fault !== undefined && fault.code !== 'NOT_FOUND' && <Failure fault={fault} />}
      {data === undefined && fault === undefined && <Loading />}
      {data !== undefined && (
        <>
          <header class="view-head">
            <div>
              <h1>
                {data.number} <StatusTag status={data.status} />
              </h1>
              <p class="quiet">
                {[w.kinds[data.kind], data.role === null ? undefined : w.role[data.role], data.partner.name].filter(Boolean).join(' · ')}
              </p>
            </div>
            <button type="button" class="button" onClick={save}>
              <Icon name="download" /> {w.invoice.download}
            </button>
          </header>
          {failed.value !== undefined && <Failure fault={asFault(failed.value)} />}
          {(data.kind === 'invoice' || data.kind === 'creditNote') && <Findings findings={data.findings} />}
          <Facts document={data} />
          <Lines document={data} />
        </>
      )}
    </>
  );
}
