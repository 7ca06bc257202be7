import { fromUtf8 } from '../../protocol/bytes.ts';
import type { NodeStatus } from '../../protocol/command.ts';
import { MAX_STATUS_BYTES } from './limits.ts';

type Fields = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value);
const isText = (value: unknown): boolean => typeof value === 'string';
const isWhole = (value: unknown): boolean => Number.isSafeInteger(value);
const isReader = (value: unknown): boolean =>
  isObject(value) && isText(value['id']) && isText(value['state']) && Number.isFinite(value['readsPerSecond']);
const isClock = (value: unknown): boolean =>
  isObject(value) && (value['offset'] === null || isWhole(value['offset'])) && typeof value['synced'] === 'boolean';
const isOutbox = (value: unknown): boolean =>
  isObject(value) &&
  ['items', 'bytes', 'limitItems', 'limitBytes'].every((name) => isWhole(value[name])) &&
  isText(value['level']) &&
  (value['notices'] === undefined || isWhole(value['notices']));

const isZone = (value: unknown): boolean => isObject(value) && isText(value['id']) && isText(value['name']);

/** Members that may be left out. What head office is shown of a node must be what its pages read: one node must not break them for all. */
const OPTIONAL: Readonly<Record<string, (value: unknown) => boolean>> = {
  at: isWhole,
  epoch: isWhole,
  seq: isWhole,
  queued: isWhole,
  clock: isClock,
  readers: (value) => Array.isArray(value) && value.every(isReader),
  outbox: isOutbox,
  version: isText,
  zones: (value) => Array.isArray(value) && value.every(isZone),
  wants: (value) => isObject(value) && isText(value['zone']) && isWhole(value['asked']),
};

function isStatus(value: unknown): boolean {
  if (!isObject(value) || value['v'] !== 1 || typeof value['online'] !== 'boolean') return false;
  return Object.entries(OPTIONAL).every(([name, fits]) => value[name] === undefined || fits(value[name]));
}

/** A status as its type says, members of later versions kept; undefined for anything else. */
export function readStatus(payload: Uint8Array): NodeStatus | undefined {
  if (payload.length > MAX_STATUS_BYTES) return undefined;
  try {
    const status = JSON.parse(fromUtf8(payload)) as unknown;
    return isStatus(status) ? (status as NodeStatus) : undefined;
  } catch {
    return undefined;
  }
}
