type Present<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** The query of a list as the ledger takes it: the cursor is `after` there, and members that were not asked for are left out. */
export function asked<T extends { readonly cursor?: string | undefined }>(query: T): Present<Omit<T, 'cursor'>> & { after?: string } {
  const { cursor, ...rest } = query;
  const present = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined)) as Present<Omit<T, 'cursor'>>;
  return cursor === undefined ? present : { ...present, after: cursor };
}
