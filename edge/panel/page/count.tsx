import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import type { PanelArticle, PanelCount, PanelZone } from '../model.ts';
import { by, setBy, stepCount } from './act.ts';
import { Icon } from './icons.tsx';
import { count, time, words } from './language.ts';
import { connection, now, panel } from './live.ts';

const zoneName = ({ id, name }: { readonly id: string; readonly name: string }): string =>
  id === '*' ? words.value.count.wholeSite : name;
/** Age of a list in hours: a person asks whether it is of today. */
const HOUR_MS = 3_600_000;

/** How old a list is, in words. Its time is the hub's: brought to this node's clock first. */
function age(listedAt: number | null): string {
  const { count: w } = words.value;
  if (listedAt === null) return w.blind;
  const offset = panel.value?.link.hubOffsetMs ?? 0;
  const hours = Math.max(0, (now.value + offset - listedAt) / HOUR_MS);
  return hours < 1 ? w.listFresh : hours < 48 ? w.listHours(count(Math.floor(hours))) : w.listDays(count(Math.floor(hours / 24)));
}

function Zone({ zone, busy, begin }: { zone: PanelZone; busy: boolean; begin: (zone: string) => void }): JSX.Element {
  const { count: w } = words.value;
  return (
    <li>
      <button
        type="button"
        class="choice zone"
        data-zone={zone.id}
        disabled={busy || connection.value.state !== 'live'}
        onClick={() => begin(zone.id)}
      >
        <Icon name="count" />
        <span class="document-words">
          <b>{zoneName(zone)}</b>
          <span class="quiet">{age(zone.listedAt)}</span>
          {!zone.reading && <span class="warn">{w.noReader}</span>}
        </span>
      </button>
    </li>
  );
}

/** The zones to choose from, while no count is open. */
export function Zones(): JSX.Element | null {
  const { count: w } = words.value;
  const busy = useSignal(false);
  const state = panel.value;
  if (state === null || state.zones.length === 0 || state.count !== null) return null;
  const begin = async (zone: string): Promise<void> => {
    busy.value = true;
    await stepCount({ do: 'begin', zone });
    busy.value = false;
  };
  return (
    <section class="card zones" id="zones" aria-labelledby="zones-title">
      <header>
        <h2 id="zones-title">{w.title}</h2>
      </header>
      <p class="quiet">{w.choose}</p>
      <ul>
        {state.zones.map((zone) => (
          <Zone key={zone.id} zone={zone} busy={busy.value} begin={begin} />
        ))}
      </ul>
    </section>
  );
}

function Figures({ open }: { open: PanelCount }): JSX.Element {
  const { count: w } = words.value;
  const isBlind = open.expectedAt === null;
  const figures: [string, number, string][] = isBlind
    ? [
        ['read', open.read, 'plain'],
        ['ssccs', open.ssccs, 'plain'],
      ]
    : [
        ['expected', open.expected, 'plain'],
        ['read', open.read, 'plain'],
        // In the first pass it is only what is still to come.
        ['missing', open.missing, open.missing === 0 ? 'good' : open.phase === 'reading' && open.pass === 1 ? 'plain' : 'bad'],
        ['unexpected', open.unexpected, open.unexpected > 0 ? 'warn' : 'good'],
      ];
  return (
    <dl class="count-figures">
      {figures.map(([name, value, tone]) => (
        <div key={name} class={tone} data-figure={name}>
          <dt>{w.figures[name]}</dt>
          <dd>{count(value)}</dd>
        </div>
      ))}
    </dl>
  );
}

function Serials({ of, numbers, all }: { of: string; numbers: readonly number[]; all: number }): JSX.Element | null {
  if (numbers.length === 0) return null;
  const more = all > numbers.length ? ` ${words.value.count.moreSerials(count(all - numbers.length))}` : '';
  return (
    <p class="serials number">
      <b>{of}</b> {numbers.join(' · ')}
      {more}
    </p>
  );
}

function Article({ article }: { article: PanelArticle }): JSX.Element {
  const { count: w, rawTags } = words.value;
  const { gtin, name, expected, read, missing, unexpected, serials } = article;
  return (
    <li class={`article ${missing + unexpected > 0 ? 'differs' : ''}`} data-gtin={gtin ?? 'raw'}>
      <div class="article-words">
        <b>{name ?? gtin ?? rawTags}</b>
        {name !== undefined && <span class="quiet number">{gtin}</span>}
      </div>
      <span class="article-counts number">
        {w.of(count(read), count(expected))}
        {missing > 0 && <b class="bad">{w.less(count(missing))}</b>}
        {unexpected > 0 && <b class="warn">{w.more(count(unexpected))}</b>}
      </span>
      {serials !== undefined && (
        <div class="article-serials">
          <Serials of={w.missingSerials} numbers={serials.missing} all={missing} />
          <Serials of={w.unexpectedSerials} numbers={serials.unexpected} all={unexpected} />
        </div>
      )}
    </li>
  );
}

type Asked = 'approve' | 'discard' | null;

/** What a person can do next. Approving and discarding ask once more: a glove that slips must not end a morning's count. */
function Steps({ open }: { open: PanelCount }): JSX.Element {
  const { count: w } = words.value;
  const busy = useSignal(false);
  const asked = useSignal<Asked>(null);
  const disabled = busy.value || connection.value.state !== 'live';
  const step = async (what: Parameters<typeof stepCount>[0]): Promise<void> => {
    busy.value = true;
    await stepCount(what);
    busy.value = false;
    asked.value = null;
  };
  const id = open.count;
  if (asked.value !== null) {
    const approves = asked.value === 'approve';
    const name = by.value.trim();
    return (
      <fieldset class="count-steps asked">
        <p>{approves ? w.approveText(open, count) : w.discardText}</p>
        {approves && (
          <label class="count-by">
            <span>{w.by}</span>
            <input maxLength={80} autocomplete="off" value={by.value} onInput={(event) => setBy(event.currentTarget.value)} />
          </label>
        )}
        <button
          type="button"
          class={`button big ${approves ? 'primary' : ''}`}
          data-step="confirm"
          disabled={disabled || (approves && name === '')}
          onClick={({ detail }) => {
            // The second tap of a double one was meant for the button that stood here before.
            if (detail < 2) void step(approves ? { do: 'approve', count: id, by: name } : { do: 'discard', count: id });
          }}
        >
          {approves ? w.approveYes : w.discardYes}
        </button>
        <button type="button" class="button big" onClick={() => (asked.value = null)}>
          {w.no}
        </button>
      </fieldset>
    );
  }
  const discard = (
    <button type="button" class="button big" data-step="discard" disabled={disabled} onClick={() => (asked.value = 'discard')}>
      <Icon name="cross" /> {w.discard}
    </button>
  );
  if (open.phase === 'reading') {
    return (
      <div class="count-steps">
        <button type="button" class="button big primary" data-step="end" disabled={disabled} onClick={() => step({ do: 'end', count: id })}>
          <Icon name="check" /> {w.end}
        </button>
        {discard}
      </div>
    );
  }
  // What one pass did not see stays in stock: another pass is the better next step while something is missing.
  const another = open.missing > 0 && open.passes < 2 && !open.full;
  return (
    <div class="count-steps">
      <button
        type="button"
        class={`button big ${another ? 'primary' : ''}`}
        data-step="again"
        disabled={disabled}
        onClick={() => step({ do: 'again', count: id })}
      >
        <Icon name="antenna" /> {w.again}
      </button>
      <button
        type="button"
        class={`button big ${another ? '' : 'primary'}`}
        data-step="approve"
        disabled={disabled}
        onClick={() => (asked.value = 'approve')}
      >
        <Icon name="check" /> {w.approve}
      </button>
      {discard}
    </div>
  );
}

/** What a person is told about the state of the count, most urgent first. */
function hint(open: PanelCount): { readonly tone: string; readonly text: string } {
  const { count: w } = words.value;
  if (open.full) return { tone: 'bad', text: w.full };
  if (open.phase === 'reading' && !open.reading) return { tone: 'bad', text: w.silent };
  if (open.phase === 'reading') return { tone: 'calm', text: open.pass === 1 ? w.walk : w.walkAgain(count(open.missing)) };
  if (open.silent) return { tone: 'bad', text: w.heardNothing };
  if (open.expectedAt === null) return { tone: 'calm', text: w.blindReview };
  if (open.missing + open.unexpected === 0) return { tone: 'good', text: w.complete };
  return { tone: 'calm', text: open.passes < 2 && open.missing > 0 ? w.review : w.reviewTwice };
}

/** The open count: large, since it is read at arm's length, above everything else. */
export function OpenCount(): JSX.Element | null {
  const { count: w } = words.value;
  const open = panel.value?.count ?? null;
  if (open === null) return null;
  const { tone, text } = hint(open);
  const differs = open.articles.filter(({ missing, unexpected }) => missing + unexpected > 0);
  // In a further pass only what is still to be found is of interest.
  const shown = open.phase === 'reading' && open.pass > 1 ? open.articles.filter(({ missing }) => missing > 0) : open.articles;
  return (
    <section class={`card count ${open.phase}`} id="count" aria-labelledby="count-title">
      <header>
        <h2 id="count-title">{w.heading(zoneName({ id: open.zone, name: open.name }))}</h2>
        <span class="badge">{open.phase === 'reading' ? w.pass(open.pass) : w.reviewing}</span>
        <span class="quiet count-age">
          {w.since(time(open.opened, now.value))} · {age(open.expectedAt)}
        </span>
      </header>
      <Figures open={open} />
      <p class={`count-hint ${tone}`} role="status">
        {text}
      </p>
      <Steps open={open} />
      {open.articles.length > 0 && (
        <ul class="articles" aria-label={differs.length > 0 ? w.differences : w.articles}>
          {shown.map((article) => (
            <Article key={article.gtin ?? 'raw'} article={article} />
          ))}
        </ul>
      )}
    </section>
  );
}
