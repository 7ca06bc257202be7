import type { JSX } from 'preact';
import type { PanelDoor, PanelLine, PanelPassage } from '../model.ts';
import { DoorDocument } from './document.tsx';
import { Icon, type IconName } from './icons.tsx';
import { count, time, words } from './language.ts';
import { now } from './live.ts';

interface Tally {
  readonly expected: number;
  readonly seen: number;
  readonly missing: number;
  readonly surplus: number;
}

/** Line by line: a surplus of one article never hides that another is missing. */
export function tally(lines: readonly PanelLine[], contents: PanelDoor['contents']): Tally {
  let [expected, seen, missing, surplus] = [0, 0, 0, 0];
  for (const line of lines) {
    const got = line.moved + line.inDoor;
    expected += line.expected;
    seen += got;
    missing += Math.max(0, line.expected - got);
    surplus += Math.max(0, got - line.expected);
  }
  const known = new Set(lines.map(({ gtin }) => gtin));
  for (const { gtin, count: more } of contents) {
    if (gtin !== null && !known.has(gtin)) {
      seen += more;
      surplus += more;
    }
  }
  return { expected, seen, missing, surplus };
}

type Tone = 'free' | 'busy' | 'good' | 'warn' | 'bad';

/** What is worth knowing from five metres away, and its colour. */
function verdict(door: PanelDoor): { tone: Tone; word: string | undefined } {
  const { verdict: w } = words.value;
  if (door.state === 'blind') return { tone: 'bad', word: undefined };
  const { expected, direction } = door;
  if (expected === undefined) return { tone: door.state === 'occupied' ? 'busy' : 'free', word: undefined };
  if (door.state === 'occupied' && direction !== 'unknown' && direction !== expected.direction) return { tone: 'bad', word: w.wrongWay };
  const { missing, surplus, seen } = tally(expected.lines, door.contents);
  if (surplus > 0) return { tone: 'bad', word: w.surplus };
  if (missing === 0) return { tone: 'good', word: w.complete };
  if (seen > 0) return { tone: 'warn', word: w.missing };
  return { tone: door.state === 'occupied' ? 'busy' : 'free', word: undefined };
}

function Figures({ tally: { expected, seen, missing, surplus } }: { tally: Tally }): JSX.Element {
  const { figures } = words.value;
  return (
    <dl class="figures">
      <div>
        <dt>{figures.expected}</dt>
        <dd>{count(expected)}</dd>
      </div>
      <div>
        <dt>{figures.seen}</dt>
        <dd>{count(seen)}</dd>
      </div>
      <div class={missing > 0 ? 'warn' : ''}>
        <dt>{figures.missing}</dt>
        <dd>{count(missing)}</dd>
      </div>
      <div class={surplus > 0 ? 'bad' : ''}>
        <dt>{figures.surplus}</dt>
        <dd>{count(surplus)}</dd>
      </div>
    </dl>
  );
}

function Lines({ lines }: { lines: readonly PanelLine[] }): JSX.Element {
  const { article, figures, lines: caption } = words.value;
  return (
    <details class="lines">
      <summary>{caption}</summary>
      <table>
        <thead>
          <tr>
            <th scope="col">{article}</th>
            <th scope="col" class="number">
              {figures.expected}
            </th>
            <th scope="col" class="number">
              {figures.seen}
            </th>
            <th scope="col" class="number">
              ±
            </th>
          </tr>
        </thead>
        <tbody>
          {lines.map((line) => {
            const difference = line.moved + line.inDoor - line.expected;
            return (
              <tr key={line.gtin}>
                <td>{line.name ?? line.gtin}</td>
                <td class="number">{count(line.expected)}</td>
                <td class="number">{count(line.moved + line.inDoor)}</td>
                <td class={`number ${difference < 0 ? 'warn' : difference > 0 ? 'bad' : 'good'}`}>
                  {difference === 0 ? '✓' : difference > 0 ? `+${count(difference)}` : `−${count(-difference)}`}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </details>
  );
}

function Contents({ door }: { door: PanelDoor }): JSX.Element | null {
  if (door.contents.length === 0) return null;
  const w = words.value;
  return (
    <ul class="contents" aria-label={w.contents}>
      {door.contents.map((content) => (
        <li key={content.gtin ?? 'raw'}>
          <span>{content.gtin === null ? w.rawTags : (content.name ?? content.gtin)}</span>
          <b>{count(content.count)}</b>
        </li>
      ))}
    </ul>
  );
}

function Last({ passage }: { passage: PanelPassage | undefined }): JSX.Element {
  const w = words.value;
  if (passage === undefined) return <p class="last">{w.noPassageYet}</p>;
  const { counts, direction } = passage;
  return (
    <p class="last">
      <span>
        {w.last} <time>{time(passage.closed, now.value)}</time>
      </span>
      <span class="last-way">
        <Icon name={direction} /> {w.direction[direction]} <b>{count(counts.in + counts.out)}</b>
      </span>
    </p>
  );
}

export function DoorCard({ door, last }: { door: PanelDoor; last: PanelPassage | undefined }): JSX.Element {
  const w = words.value;
  const { tone, word } = verdict(door);
  const icon: IconName = door.state === 'occupied' ? door.direction : door.state;
  const occupied = door.state === 'occupied';
  return (
    <article class={`door is-${tone} ${door.state}`} aria-labelledby={`door-${door.id}`} data-door={door.id}>
      <div class="door-head">
        <h3 id={`door-${door.id}`}>{door.name}</h3>
        {door.eye !== undefined && (
          <span class="eye quiet" data-eye={String(door.eye)}>
            {w.eye[door.eye === null ? 'unknown' : door.eye ? 'blocked' : 'clear']}
          </span>
        )}
        {word !== undefined && (
          <span class="tag">
            <Icon name={tone === 'good' ? 'check' : 'warning'} /> {word}
          </span>
        )}
      </div>
      <div class="door-state">
        <Icon name={icon} class="huge" />
        <div class="door-words">
          <strong>{occupied ? w.direction[door.direction] : w.state[door.state]}</strong>
          <span>{occupied ? w.directionLong[door.direction] : door.state === 'blind' ? w.blind : ''}</span>
        </div>
        {occupied && (
          <div class="door-count">
            <strong>{count(door.inDoor)}</strong>
            <span>{w.inDoor(door.inDoor)}</span>
          </div>
        )}
      </div>
      {occupied ? <Contents door={door} /> : <Last passage={last} />}
      <DoorDocument door={door} />
      {door.expected !== undefined && (
        <>
          <Figures tally={tally(door.expected.lines, door.contents)} />
          <Lines lines={door.expected.lines} />
        </>
      )}
    </article>
  );
}
