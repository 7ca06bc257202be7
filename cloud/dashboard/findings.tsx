import type { JSX } from 'preact';
import { minorText } from '../../protocol/money.ts';
import { Empty, Failure, Loading } from './answer.tsx';
import { Icon } from './icons.tsx';
import { FindingText } from './invoice.tsx';
import { count, money, words } from './language.ts';
import { useLoad } from './load.ts';
import { documentsChanged } from './news.ts';
import { Link } from './router.tsx';
import type { Finding, Page } from './shapes.ts';

const ROWS = 200;

/** What is at stake by currency: amounts of two currencies have no sum. */
function stakes(findings: readonly Finding[]): readonly (readonly [string, number])[] {
  const sums = new Map<string, number>();
  for (const { amount, currency } of findings) {
    if (amount !== null && currency !== null && amount > 0) sums.set(currency, (sums.get(currency) ?? 0) + amount);
  }
  return [...sums].sort(([a], [b]) => (a < b ? -1 : 1));
}

export function Findings(): JSX.Element {
  const w = words.value;
  const { data, fault } = useLoad<Page<Finding>>(`/v1/findings?limit=${ROWS}`, documentsChanged.value).value;
  const findings = [...(data?.data ?? [])].sort((a, b) => (b.amount ?? 0) - (a.amount ?? 0));
  return (
    <>
      <header class="view-head">
        <h1>{w.findings.title}</h1>
        {findings.length > 0 && (
          <dl class="sums">
            <div>
              <dt>{w.findings.open(findings.length)}</dt>
              <dd>{count(findings.length)}</dd>
            </div>
            {stakes(findings).map(([currency, minor]) => (
              <div key={currency}>
                <dt>{w.findings.atStake}</dt>
                <dd>{money(minorText(minor, currency), currency)}</dd>
              </div>
            ))}
          </dl>
        )}
      </header>
      {fault !== undefined && <Failure fault={fault} />}
      {data === undefined && fault === undefined && <Loading />}
      {data !== undefined && findings.length === 0 && (
        <Empty>
          <p>
            <Icon name="check" class="good" /> {w.findings.empty}
          </p>
        </Empty>
      )}
      {findings.length > 0 && (
        <section class="card flush">
          <ul class="findings list">
            {findings.map((finding) => (
              <li key={`${finding.document} ${finding.line} ${finding.code}`} data-finding={finding.code}>
                <Icon name="warning" class="bad" />
                <Link class="finding-number" to={`/invoices/${encodeURIComponent(finding.document)}`}>
                  {finding.number}
                </Link>
                <FindingText finding={finding} />
              </li>
            ))}
          </ul>
        </section>
      )}
      {data !== undefined && data.next !== null && <p class="quiet">{w.findings.capped(count(ROWS))}</p>}
    </>
  );
}
