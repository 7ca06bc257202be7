type Present<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** A query as the ledger takes it: members that were not asked for are left out, not undefined. */
export function asked<T extends object>(query: T): Present<T> {
  return Object.fromEntries(Object.entries(query).filter(([, value]) => value !== undefined)) as Present<T>;
}
