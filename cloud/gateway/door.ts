import { type Limit, Limiter } from '../limiter.ts';
import { CONNECT_ANSWERS, CONNECTS } from './limits.ts';

/** What happens to one more connection: `answer` is a refusal in MQTT, which costs a socket; `refuse` one in HTTP, which costs nothing. */
export type Admission = { readonly let: 'in' } | { readonly let: 'answer' | 'refuse'; readonly seconds: number };

/** Bounds how often one address may connect. Each isolate of the Worker has its own. */
export class Door {
  readonly #connects: Limiter;
  readonly #answers: Limiter;

  constructor(connects: Limit = CONNECTS, answers: Limit = CONNECT_ANSWERS) {
    this.#connects = new Limiter(connects);
    this.#answers = new Limiter(answers);
  }

  /** `now` is epoch milliseconds. */
  knock(address: string, now: number): Admission {
    const name = network(address);
    const seconds = this.#connects.take(name, now);
    if (seconds === 0) return { let: 'in' };
    return { let: this.#answers.take(name, now) === 0 ? 'answer' : 'refuse', seconds };
  }
}

/** Who is counted as one: an IPv4 address, and of IPv6 the /64 that a single household or server has for itself (RFC 6177). */
export function network(address: string): string {
  if (!address.includes(':')) return address;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address);
  if (mapped?.[1] !== undefined) return mapped[1];
  const [front = '', back] = address.split('::', 2);
  const groups = front === '' ? [] : front.split(':');
  const after = back === undefined || back === '' ? [] : back.split(':');
  if (back !== undefined) while (groups.length + after.length < 8) groups.push('0');
  return `${[...groups, ...after]
    .slice(0, 4)
    .map((group) => group.toLowerCase().replace(/^0+(?=.)/, ''))
    .join(':')}::/64`;
}
