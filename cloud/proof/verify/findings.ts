/** Where something is wrong: as exactly as what the export says twice allows. */
export interface Place {
  /** Path in the export, or the address below the log's prefix. */
  readonly file: string;
  readonly entry?: number;
  /** From 1. */
  readonly line?: number;
  /** Row of a projection page, from 1. */
  readonly row?: number;
  /** Bytes of the file, from 0: the first, and the one after the last. */
  readonly bytes?: readonly [from: number, to: number];
}

export interface Problem {
  readonly code: string;
  readonly place: Place;
  readonly text: string;
}

/** What a verification comes to. */
export interface Report {
  readonly ok: boolean;
  /** Whether the key was given by the caller. Of one that the log itself names, a forger names his own. */
  readonly pinned: boolean;
  readonly origin: string | null;
  readonly size: number | null;
  readonly root: string | null;
  /** What was looked at, with how many of each. */
  readonly checked: Readonly<Record<string, number>>;
  readonly warnings: readonly string[];
  readonly problems: readonly Problem[];
  /** Problems that are not listed: more of what is. */
  readonly unlisted: number;
}

/** Enough to see what kind of damage it is; a lost disk would list every entry. */
const MAX_PROBLEMS = 200;
const MAX_PER_FILE = 8;
/** Searches for a changed byte: each takes up to some seconds, and one damage needs one or two. */
const MAX_SEARCHES = 12;

/** Collects what was checked and what is wrong. */
export class Findings {
  readonly problems: Problem[] = [];
  readonly warnings: string[] = [];
  readonly checked: Record<string, number> = {};
  unlisted = 0;
  readonly #perFile = new Map<string, number>();
  #searches = MAX_SEARCHES;

  problem(code: string, place: Place, text: string): void {
    const before = this.#perFile.get(place.file) ?? 0;
    this.#perFile.set(place.file, before + 1);
    if (before >= MAX_PER_FILE || this.problems.length >= MAX_PROBLEMS) this.unlisted += 1;
    else this.problems.push({ code, place, text });
  }

  warn(text: string): void {
    this.warnings.push(text);
  }

  count(what: string, by = 1): void {
    this.checked[what] = (this.checked[what] ?? 0) + by;
  }

  get clean(): boolean {
    return this.problems.length === 0;
  }

  /** Whether one more search for a changed byte may be made. */
  maySearch(): boolean {
    this.#searches -= 1;
    return this.#searches >= 0;
  }
}
