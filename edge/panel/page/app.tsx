import { type JSX, render } from 'preact';
import { OpenCount, Zones } from './count.tsx';
import { DoorCard } from './door.tsx';
import { Doubts } from './doubts.tsx';
import { Connection, Disk, Header, Notice } from './header.tsx';
import { Health } from './health.tsx';
import { words } from './language.ts';
import { connection, panel, start } from './live.ts';
import { Passages } from './passages.tsx';
import { SetUp } from './setup.tsx';
import { view } from './view.ts';

function Doors(): JSX.Element | null {
  const w = words.value;
  const state = panel.value;
  const doors = state?.doors ?? [];
  // A node that only counts has no doors to show.
  if (doors.length === 0 && (state?.zones.length ?? 0) > 0) return null;
  return (
    <section class="doors" aria-labelledby="doors-title">
      <h2 id="doors-title" class="hidden">
        {w.doors}
      </h2>
      {doors.length === 0 && <p class="card empty">{w.noDoor}</p>}
      {doors.map((door) => (
        <DoorCard key={door.id} door={door} last={state?.passages.find((passage) => passage.door === door.id)} />
      ))}
    </section>
  );
}

function App(): JSX.Element {
  return (
    <>
      <Header />
      <Connection />
      <Disk />
      {panel.value !== null && view.value === 'setup' && <SetUp />}
      {panel.value !== null && view.value === 'doors' && (
        <main class={connection.value.state === 'lost' ? 'old' : ''}>
          <OpenCount />
          <div class="column">
            <Doors />
            <Passages />
          </div>
          <div class="column">
            <Doubts />
            <Zones />
            <Health />
          </div>
        </main>
      )}
      <Notice />
    </>
  );
}

const root = document.getElementById('app');
if (root !== null) render(<App />, root);
start();
