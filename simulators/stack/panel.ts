import { Fault } from '../../protocol/fault.ts';

/** An item nobody has decided on, as the panel lists it. */
export interface PanelDoubt {
  readonly passage: string;
  readonly door: string;
  readonly epc: string;
  readonly gtin?: string;
  readonly reason: string;
  readonly reads: number;
}

export interface PanelState {
  readonly doors: readonly { readonly id: string; readonly state: string; readonly inDoor: number }[];
  readonly doubts: readonly PanelDoubt[];
  readonly doubtsTotal: number;
  readonly queued: number;
  readonly link: { readonly state: string };
  readonly expectations: readonly { readonly number: string }[];
  readonly readers: readonly { readonly id: string; readonly state: string; readonly readsPerSecond: number }[];
  readonly zones: readonly { readonly id: string; readonly listedAt: number | null; readonly reading: boolean }[];
  readonly count: PanelCount | null;
}

/** The open count. */
export interface PanelCount {
  readonly count: string;
  readonly phase: string;
  readonly pass: number;
  readonly expectedAt: number | null;
  readonly expected: number;
  readonly read: number;
  readonly missing: number;
  readonly unexpected: number;
}

const TIMEOUT_MS = 10_000;

/** The panel's HTTP API, as its own page uses it. */
export class PanelClient {
  readonly address: string;

  constructor(address: string) {
    this.address = address;
  }

  async state(): Promise<PanelState> {
    return (await this.#call('GET', '/api/state')) as PanelState;
  }

  /** Settles items of one passage. `by` is who decides. */
  async decide(passage: string, epcs: readonly string[], verdict: 'in' | 'out' | 'stray', by: string): Promise<void> {
    await this.#call('POST', '/api/decisions', { passage, epcs, verdict, by });
  }

  /** Begins a count, or goes on with the open one. */
  async count(step: { readonly do: string; readonly zone?: string; readonly count?: string; readonly by?: string }): Promise<void> {
    await this.#call('POST', '/api/count', step);
  }

  async #call(method: string, path: string, body?: unknown): Promise<unknown> {
    const response = await fetch(`${this.address}${path}`, {
      method,
      signal: AbortSignal.timeout(TIMEOUT_MS),
      ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Fault('PANEL_REFUSED', `${method} ${path}: ${response.status} ${text.slice(0, 300)}`);
    return JSON.parse(text);
  }
}
