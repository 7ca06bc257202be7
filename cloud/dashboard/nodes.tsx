import type { JSX } from 'preact';
import { Command, Empty, Failure, Loading } from './answer.tsx';
import { Icon } from './icons.tsx';
import { count, time, words } from './language.ts';
import { useLoad } from './load.ts';
import { siteName, zoneOf } from './masterdata.ts';
import { nodesChanged } from './news.ts';
import type { HubNode } from './shapes.ts';

const REGISTER = `npm run --silent hub -- enrol --url ${location.origin} --key $KEY --site LYON --node dock-1
npm run edge -- enrol --settings settings.json --token …`;

const READER_TONE: Readonly<Record<string, string>> = { reading: 'good', failed: 'bad', stopped: 'bad' };

/** Beyond this the times on the dock's panel and here differ visibly. */
const CLOCK_WRONG_MS = 30_000;

function Readers({ readers }: { readers: NonNullable<HubNode['status']>['readers'] }): JSX.Element {
  const { nodes: w } = words.value;
  if (readers === undefined || readers.length === 0) return <span class="quiet">{w.noReaders}</span>;
  return (
    <ul>
      {readers.map((reader) => (
        <li key={reader.id}>
          <span class={`dot ${READER_TONE[reader.state] ?? 'warn'}`} /> {reader.id} {w.readerState[reader.state] ?? reader.state}
          {reader.state === 'reading' && <span class="quiet number"> {w.rate(count(Math.round(reader.readsPerSecond)))}</span>}
        </li>
      ))}
    </ul>
  );
}

function Node({ node }: { node: HubNode }): JSX.Element {
  const { nodes: w } = words.value;
  const zone = zoneOf(node.site);
  const { status } = node;
  const queued = status?.queued ?? 0;
  const keys = node.keys.filter(({ to }) => to === null || to > Date.now());
  const offset = status?.clock?.offset ?? null;
  const clockWrong = offset !== null && Math.abs(offset) > CLOCK_WRONG_MS;
  return (
    <article class="card node" data-node={`${node.site}/${node.node}`} aria-label={`${siteName(node.site)} ${node.node}`}>
      <header>
        <h2>{node.node}</h2>
        <span class="quiet">{siteName(node.site)}</span>
        <span class={`tag ${node.online ? 'good' : status === null ? 'calm' : 'bad'}`}>
          <Icon name={node.online ? 'check' : status === null ? 'dash' : 'cross'} />{' '}
          {node.online ? w.online : status === null ? w.never : w.offline}
        </span>
      </header>
      {node.quarantine !== null && (
        <p class="note bad">
          <Icon name="cross" /> {w.quarantine(time(node.quarantine.at, zone))}{' '}
          {w.quarantineWhy[node.quarantine.reason] ?? node.quarantine.text}
        </p>
      )}
      <dl>
        <dt>{w.lastWord}</dt>
        <dd>{node.statusAt === null ? '—' : time(node.statusAt, zone)}</dd>
        <dt>{w.completeTo}</dt>
        <dd>{node.completeTo === null ? '—' : time(node.completeTo, zone)}</dd>
        <dt>{w.queued}</dt>
        <dd class={queued > 0 ? 'warn' : ''}>{queued === 0 ? w.allSent : w.records(count(queued), queued)}</dd>
        <dt>{w.head}</dt>
        <dd>
          {count(node.head.epoch)} / {count(node.head.seq)}
        </dd>
        {offset !== null && (
          <>
            <dt>{w.clock}</dt>
            <dd class={clockWrong ? 'warn' : ''}>
              {clockWrong ? w.clockWrong(count(Math.round(Math.abs(offset) / 1000)), offset > 0) : w.clockRight}
            </dd>
          </>
        )}
        <dt>{w.readers}</dt>
        <dd>
          <Readers readers={status?.readers} />
        </dd>
        <dt>{w.key}</dt>
        <dd>
          {keys.length === 0 && '—'}
          {keys.map((key) => (
            <div key={key.id}>
              <span class="number">{key.fingerprint}</span> <code class="quiet">{key.id}</code>
            </div>
          ))}
        </dd>
        {status?.version !== undefined && (
          <>
            <dt>{w.version}</dt>
            <dd>{status.version}</dd>
          </>
        )}
      </dl>
    </article>
  );
}

export function Nodes(): JSX.Element {
  const { nodes: w } = words.value;
  const { data, fault } = useLoad<{ readonly data: readonly HubNode[] }>('/v1/nodes', nodesChanged.value).value;
  return (
    <>
      <header class="view-head">
        <h1>{w.title}</h1>
      </header>
      {fault?.code === 'SCOPE_MISSING' && <p class="empty">{w.denied}</p>}
      {fault !== undefined && fault.code !== 'SCOPE_MISSING' && <Failure fault={fault} />}
      {data === undefined && fault === undefined && <Loading />}
      {data !== undefined && data.data.length === 0 && (
        <Empty>
          <p>{w.empty}</p>
          <Command text={REGISTER} />
        </Empty>
      )}
      <div class="nodes">
        {data?.data.map((node) => (
          <Node key={`${node.site}/${node.node}`} node={node} />
        ))}
      </div>
    </>
  );
}
