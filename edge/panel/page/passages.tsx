import type { JSX } from 'preact';
import type { PanelPassage } from '../model.ts';
import { Icon } from './icons.tsx';
import { count, time, words } from './language.ts';
import { now, panel } from './live.ts';

/** Zeros are noise in a table that is read for its exceptions. */
const figure = (n: number): string => (n === 0 ? '·' : count(n));

function Row({ passage, door }: { passage: PanelPassage; door: string }): JSX.Element {
  const w = words.value;
  const { counts, direction } = passage;
  return (
    <tr data-passage={passage.passage}>
      <td>
        <time>{time(passage.closed, now.value)}</time>
      </td>
      <td class="nowrap">{door}</td>
      <td>
        <span class="way">
          <Icon name={direction} /> <span class="wide-word">{w.direction[direction]}</span>
        </span>
      </td>
      <td class="number">{figure(counts.in)}</td>
      <td class="number">{figure(counts.out)}</td>
      <td class="number wide">{figure(counts.stray)}</td>
      <td class={`number ${counts.undecided > 0 ? 'warn' : ''}`}>{figure(counts.undecided)}</td>
      <td class="wide">{passage.document?.number ?? ''}</td>
    </tr>
  );
}

export function Passages(): JSX.Element {
  const { passages: w } = words.value;
  const state = panel.value;
  const passages = state?.passages ?? [];
  const names = new Map(state?.doors.map((door) => [door.id, door.name]));
  return (
    <section class="card passages" aria-labelledby="passages-title">
      <header>
        <h2 id="passages-title">{w.title}</h2>
      </header>
      {passages.length === 0 ? (
        <p class="empty">{w.none}</p>
      ) : (
        <table>
          <thead>
            <tr>
              <th scope="col">{w.time}</th>
              <th scope="col">{w.door}</th>
              <th scope="col">
                <span class="wide-word">{w.direction}</span>
              </th>
              <th scope="col" class="number">
                {w.in}
              </th>
              <th scope="col" class="number">
                {w.out}
              </th>
              <th scope="col" class="number wide">
                {w.stray}
              </th>
              <th scope="col" class="number">
                {w.undecided}
              </th>
              <th scope="col" class="wide">
                {w.document}
              </th>
            </tr>
          </thead>
          <tbody>
            {passages.map((passage) => (
              <Row key={passage.passage} passage={passage} door={names.get(passage.door) ?? passage.door} />
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}
