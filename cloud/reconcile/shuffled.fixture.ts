/** Every array of a value in another order, the same for the same seed. */
export function shuffled<T>(value: T, seed: number): T {
  let state = seed | 0;
  const next = (): number => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) | 0;
    return (state ^ (state >>> 13)) >>> 0;
  };
  const mix = (one: unknown): unknown => {
    if (Array.isArray(one)) {
      const keyed = one.map((member) => ({ member: mix(member), key: next() }));
      return keyed.sort((a, b) => a.key - b.key).map(({ member }) => member);
    }
    if (typeof one !== 'object' || one === null) return one;
    return Object.fromEntries(Object.entries(one).map(([key, member]) => [key, mix(member)]));
  };
  return mix(value) as T;
}
