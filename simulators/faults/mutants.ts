import { startMark } from '../../cloud/ledger/place.ts';
import { Outbox } from '../../edge/outbox/outbox.ts';
import { Passages } from '../../edge/outbox/passages.ts';
import { toBase64url } from '../../protocol/bytes.ts';
import { TENANT } from './hub.ts';
import type { Mutant } from './world.ts';

/** A part that is broken on purpose, and the rule that must catch it. */
export interface Broken extends Mutant {
  readonly rules: readonly string[];
  /** Breaks a class of this process for good. */
  readonly break?: () => void;
  /** Changes what an outbox executes. */
  readonly edge?: (text: string) => string;
}

type Append = Outbox['append'];

/** Every n-th time. */
const some = (count: number, n: number): boolean => count % n === n - 1;
const statement =
  (wanted: RegExp, change: (text: string) => string, n = 1): NonNullable<Mutant['statement']> =>
  (_kind, text) => {
    if (!wanted.test(text)) return text;
    seen++;
    return some(seen, n) ? change(text) : text;
  };
let seen = 0;

/** One for each thing that the checks promise to see. */
export const MUTANTS: Readonly<Record<string, Broken>> = {
  /** A hub that answers before it has committed. */
  'puback without commit': {
    rules: ['puback'],
    call: (kind, method, [site, node], count) => {
      if (kind !== 'LEDGER' || method !== 'post' || !some(count, 7)) return undefined;
      const { epoch, seq, chain } = startMark({ tenant: TENANT, site: String(site), node: String(node) });
      return { value: { ok: true, head: { epoch, seq, chain: toBase64url(chain) }, duplicate: false } };
    },
  },
  /** An outbox that says it has a passage and does not. */
  'append without commit': {
    rules: ['lost'],
    break: () => {
      const { append } = Outbox.prototype;
      let count = 0;
      Outbox.prototype.append = function forgetful(this: Outbox, records: Parameters<Append>[0]): ReturnType<Append> {
        return some(count++, 9) ? Promise.resolve({ epoch: 1, seq: 1, fresh: true }) : append.call(this, records);
      };
    },
  },
  /** An outbox that deletes what the hub has not acknowledged. */
  'prunes too much': {
    rules: ['lost', 'drain'],
    break: () => {
      const { acknowledge } = Outbox.prototype;
      Outbox.prototype.acknowledge = function eager(this: Outbox, epoch: number): void {
        acknowledge.call(this, epoch, this.head().seq);
      };
    },
  },
  /** A disk that says it has written and has not. */
  'no sync': {
    rules: ['lost', 'drain'],
    faults: ['powerCut', 'noHub'],
    edge: (text) => text.replace('synchronous = FULL', 'synchronous = NORMAL'),
  },
  /** A fold that forgets which records it has seen. */
  'counts again': {
    rules: ['twice'],
    faults: ['restore'],
    statement: statement(/INSERT INTO handed/, (text) =>
      text.replace('ON CONFLICT DO NOTHING', 'ON CONFLICT DO UPDATE SET name = excluded.name'),
    ),
  },
  /** A stock that is written wrong. */
  'wrong stock': {
    rules: ['stock'],
    statement: statement(/INSERT INTO stock /, (text) => text.replace('value ->> 2 FROM', 'value ->> 2 + 1 FROM'), 5),
  },
  /** A projection that does not follow from the log. */
  'wrong fold': {
    rules: ['fold'],
    statement: statement(/INSERT INTO movements /, (text) => text.replace('value ->> 1, value ->> 2', 'value ->> 1 + 1, value ->> 2'), 5),
  },
  /** A log that changes an entry which it had shown. */
  'rewritten log': {
    rules: ['tree'],
    statement: statement(
      /INSERT INTO tiles/,
      (text) => text.replace('VALUES (?, ?)', 'VALUES (?, CAST(zeroblob(32) || substr(?, 33) AS BLOB))'),
      12,
    ),
  },
  /** A log that signs another root than its own. */
  'second history': {
    rules: ['checkpoint'],
    call: (_kind, method) =>
      method === 'checkpoint' ? { value: `docket.example/log/demo\n3\n${'A'.repeat(43)}=\n\n— docket AAAA\n` } : undefined,
  },
  /** A log that skips a number. */
  gap: {
    rules: ['chain'],
    statement: statement(
      /INSERT INTO entries/,
      (text) => text.replace('VALUES (?, ?, ?, ?, ?, ?, ?,', 'VALUES (?, ?, ?, ?, ?, ?, ? + 1,'),
      30,
    ),
  },
  /** An outbox whose list leaves out what a person must decide on. */
  'forgets doubts': {
    rules: ['lost'],
    break: () => {
      const { add } = Passages.prototype;
      Passages.prototype.add = function forgetful(this: Passages, parts, notes, epoch, seq): void {
        add.call(this, parts, notes.slice(1), epoch, seq);
      };
    },
  },
  /** An outbox whose list goes on asking what was decided. */
  'asks again': {
    rules: ['twice'],
    break: () => {
      const { decide } = Passages.prototype;
      Passages.prototype.decide = function deaf(this: Passages, body, epcs): void {
        decide.call(this, body, epcs.slice(1));
      };
    },
  },
  /** A node that says it has stored what is due before it has. */
  'forgets documents': {
    rules: ['drain'],
    break: () => {
      const { expect } = Outbox.prototype;
      let count = 0;
      Outbox.prototype.expect = function forgetful(this: Outbox, command): Promise<void> {
        return some(count++, 9) ? Promise.resolve() : expect.call(this, command);
      };
    },
  },
  /** A ledger that forgets from when the last record of a node counts. */
  'turns back time': {
    rules: ['time'],
    faults: ['clockJump', 'noHub'],
    statement: statement(/SELECT id, epoch, seq, chain, boot/, (text) => text.replace('effective FROM', '0 AS effective FROM')),
  },
  /** An uplink that stops sending at some point. */
  'stuck uplink': {
    rules: ['drain'],
    break: () => {
      const { after } = Outbox.prototype;
      Outbox.prototype.after = function stuck(this: Outbox, seq: number, records: number, size: number) {
        return seq > 8 && size < 1_000_000 ? undefined : after.call(this, seq, records, size);
      };
    },
  },
};
