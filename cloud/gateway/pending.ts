/** A socket whose CONNECT has not come. */
export interface Pending {
  /** Who is counted as one (door.ts). */
  readonly from: string;
  /** Epoch milliseconds. */
  readonly opened: number;
}

/** Which socket gives way to one more of `from`: the oldest of those who hold most, so that one address pushes out its own alone. */
export function givesWay<T extends Pending>(pending: readonly T[], from: string): T | undefined {
  const held = new Map([[from, 1]]);
  for (const one of pending) held.set(one.from, (held.get(one.from) ?? 0) + 1);
  const most = Math.max(...pending.map((one) => held.get(one.from) ?? 0));
  return pending.filter((one) => held.get(one.from) === most).sort((a, b) => a.opened - b.opened)[0];
}
