import { type ItemGroup, isItems } from './record.ts';

/**
 * What the hub sends to a node on its `commands` topic with QoS 1, as JSON. A node stores a command before it acknowledges it;
 * the same id again changes nothing.
 */
export interface ExpectCommand {
  readonly v: 1;
  readonly id: string;
  readonly type: 'expect';
  /** The document that is due at the site. */
  readonly kind: 'despatchAdvice' | 'order';
  readonly number: string;
  /** Direction seen from the site; the goods come in or go out. */
  readonly direction: 'in' | 'out';
  readonly partner: string;
  readonly ssccs: readonly string[];
  readonly lines: readonly { readonly gtin: string; readonly quantity: number; readonly name?: string }[];
}

/** A document that is no longer due. */
export interface ForgetCommand {
  readonly v: 1;
  readonly id: string;
  readonly type: 'forget';
  readonly kind: 'despatchAdvice' | 'order';
  readonly number: string;
}

/**
 * What stands in a zone as the hub knows it, for a count: the answer to `wants` in the node's status. Its parts hold other items each; the
 * list is whole once all have come. Logistic units and EPCs without a GTIN are never expected.
 */
export interface ZoneCommand {
  readonly v: 1;
  readonly id: string;
  readonly type: 'zone';
  /** A zone of the site, or `*` for all of it. */
  readonly zone: string;
  /** Hub time at which this was so, epoch milliseconds: the parts of one list share it. */
  readonly at: number;
  /** Part k of n, from 1. */
  readonly part: number;
  readonly parts: number;
  readonly items: readonly ItemGroup[];
  /** Names of the GTINs in this part, as far as the hub has them. */
  readonly names: { readonly [gtin: string]: string };
}

export type Command = ExpectCommand | ForgetCommand | ZoneCommand;

const isText = (value: unknown): value is string => typeof value === 'string';

function isLine(value: unknown): boolean {
  const line = value as Partial<ExpectCommand['lines'][number]> | null;
  return isText(line?.gtin) && Number.isFinite(line.quantity) && (line.name === undefined || isText(line.name));
}

/** Items in one part of a zone's list: 131,072 bytes hold no more, at 2 bytes each. */
const MAX_LISTED = 65_536;

function isZone({ zone, at, part, parts, items, names }: Partial<ZoneCommand>): boolean {
  const counts = [at, part, parts].every((value) => Number.isSafeInteger(value) && (value as number) >= 1);
  if (!isText(zone) || zone === '' || zone.length > 32 || !counts || (part as number) > (parts as number)) return false;
  if (names === null || typeof names !== 'object' || Array.isArray(names) || !Object.values(names).every(isText)) return false;
  return isItems(items, MAX_LISTED);
}

/**
 * Whether a value is a command with all that its type needs; unknown fields are left alone. A node stores nothing else: what it stores it
 * reads again at every start. A document's number stands in records, which hold at most 80 characters of it (record.ts).
 */
export function isCommand(value: unknown): value is Command {
  const command = value as Partial<ExpectCommand | ForgetCommand> | null;
  if (command?.v !== 1 || !isText(command.id) || command.id === '') return false;
  if ((value as Partial<Command>).type === 'zone') return isZone(value as Partial<ZoneCommand>);
  if (command.kind !== 'despatchAdvice' && command.kind !== 'order') return false;
  if (!isText(command.number) || command.number === '' || command.number.length > 80) return false;
  if (command.type === 'forget') return true;
  if (command.type !== 'expect' || (command.direction !== 'in' && command.direction !== 'out') || !isText(command.partner)) return false;
  const { ssccs, lines } = command;
  return Array.isArray(ssccs) && ssccs.every(isText) && Array.isArray(lines) && lines.every(isLine);
}

/** Retained on the node's `status` topic, and its will with `online: false`. */
export interface NodeStatus {
  readonly v: 1;
  readonly online: boolean;
  /** Epoch milliseconds by the node's wall clock; absent in the will. */
  readonly at?: number;
  readonly epoch?: number;
  /** Sequence number of the newest record in the outbox. */
  readonly seq?: number;
  /** Records not yet acknowledged. */
  readonly queued?: number;
  /** The node's wall clock: `offset` is hub time minus its own in milliseconds, null before it was measured. */
  readonly clock?: { readonly offset: number | null; readonly synced: boolean };
  readonly readers?: readonly { readonly id: string; readonly state: string; readonly readsPerSecond: number }[];
  /** How full the outbox is; `level` is ok, half, high, critical or full, at which it takes nothing more. */
  readonly outbox?: {
    readonly items: number;
    readonly bytes: number;
    readonly limitItems: number;
    readonly limitBytes: number;
    readonly level: string;
    /** Things that happened to its file and that nobody at the site has confirmed. */
    readonly notices?: number;
  };
  readonly version?: string;
  /** Where the node counts: the zones of its settings. */
  readonly zones?: readonly { readonly id: string; readonly name: string }[];
  /** The node asks what stands in a zone; `asked` differs for each question, so that a status sent again asks nothing. */
  readonly wants?: { readonly zone: string; readonly asked: number };
}

/** What the hub sends on the `replies` topic: its time and its head of the node's chain, at each connect. */
export interface HubHello {
  readonly v: 1;
  readonly type: 'hello';
  /** Hub time, epoch milliseconds. */
  readonly time: number;
  readonly head: { readonly epoch: number; readonly seq: number; readonly chain: string };
}
