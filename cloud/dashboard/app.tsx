import { type JSX, render } from 'preact';
import { Count } from './count.tsx';
import { Counts } from './counts.tsx';
import { Findings } from './findings.tsx';
import { Icon } from './icons.tsx';
import { Invoice } from './invoice.tsx';
import { Invoices } from './invoices.tsx';
import { words } from './language.ts';
import { Languages } from './languages.tsx';
import { Login } from './login.tsx';
import * as masterdata from './masterdata.ts';
import { Movements } from './movements.tsx';
import * as news from './news.ts';
import { Nodes } from './nodes.tsx';
import { Link, path } from './router.tsx';
import { key, signOut } from './session.ts';
import { Stock } from './stock.tsx';
import * as stream from './stream.ts';

const VIEWS = ['invoices', 'findings', 'stock', 'counts', 'movements', 'nodes'] as const;
type View = (typeof VIEWS)[number];

const PAGES: Record<View, () => JSX.Element> = {
  invoices: Invoices,
  findings: Findings,
  stock: Stock,
  counts: Counts,
  movements: Movements,
  nodes: Nodes,
};

/** Where the path leads: any unknown one to the invoices, which is what people come for. */
function place(): { readonly view: View; readonly id: string | undefined } {
  const [, first, second] = path.value.split('/');
  const view = VIEWS.find((one) => one === first) ?? 'invoices';
  const opens = view === 'invoices' || view === 'counts';
  return { view, id: opens && second ? decodeURIComponent(second) : undefined };
}

function Live(): JSX.Element {
  const { live, liveText } = words.value;
  const { state } = stream.live.value;
  const tone = state === 'live' ? 'good' : state === 'connecting' ? 'calm' : 'warn';
  return (
    <p class="live" role="status" title={liveText[state]} data-live={state}>
      <span class={`dot ${tone}`} /> {live[state]}
    </p>
  );
}

function Shell(): JSX.Element {
  const w = words.value;
  const { view, id } = place();
  const Page = PAGES[view];
  return (
    <div class="shell">
      <header class="side">
        <Link to="/invoices" class="brand">
          <img src="/icon.svg" alt="" width="32" height="32" /> Docket
        </Link>
        <nav aria-label={w.main}>
          {VIEWS.map((one) => (
            <Link key={one} to={`/${one}`} current={one === view}>
              <Icon name={one} /> <span>{w.nav[one]}</span>
            </Link>
          ))}
        </nav>
        <div class="side-end">
          <Live />
          <Languages />
          <button type="button" class="plain leave" onClick={() => signOut()}>
            <Icon name="leave" /> <span>{w.signOut}</span>
          </button>
        </div>
      </header>
      <main>{id === undefined ? <Page /> : view === 'counts' ? <Count key={id} id={id} /> : <Invoice key={id} id={id} />}</main>
    </div>
  );
}

const App = (): JSX.Element => (key.value === null ? <Login /> : <Shell />);

news.start();
masterdata.start();
stream.start();
const root = document.getElementById('app');
if (root !== null) render(<App />, root);
