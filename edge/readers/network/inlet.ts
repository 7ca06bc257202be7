/** A message of a reader as the local broker received it. */
export interface InletMessage {
  readonly topic: string;
  readonly payload: Uint8Array;
  /** Sent before, as the reader says (MQTT 3.1.1 section 3.3.1.1). */
  readonly dup: boolean;
}

/** A reader as the local broker knows it: who it is, and where it may publish. */
export interface Inlet {
  readonly user: string;
  readonly password: string;
  /** Filters of the topics that it may publish to and subscribe to. */
  readonly topics: readonly string[];
  /** One of its connections stands; a reader may have one for each of its interfaces. */
  connected(address: string): void;
  gone(): void;
  /** It published where it must not; its connection is closed. */
  strayed(topic: string): void;
  /** What it said can't be kept: its connection is closed, so that it says it again. */
  unsaved(error: unknown): void;
  /** Takes a message. @throws Fault READER_STOPPED when it can't: the message is not acknowledged then, and comes again */
  take(message: InletMessage): void;
}

/** The models of readers that log in to the broker, by the names that settings use. */
export const NETWORK_MODELS = ['r700', 'zebra'] as const;
export type NetworkModelName = (typeof NETWORK_MODELS)[number];
export const isNetworkModel = (model: string): model is NetworkModelName => (NETWORK_MODELS as readonly string[]).includes(model);

const ROOT = 'docket/readers';
/** The name that a reader logs in with stands in its topics: no level separator, no wildcard, nothing to quote. */
const NAME = /^[A-Za-z0-9][\w.-]{0,31}$/;

/** `mqtt://dock-1` to `dock-1`; undefined for what is no such link. */
export function userOf(link: string): string | undefined {
  const name = link.startsWith('mqtt://') ? link.slice('mqtt://'.length) : '';
  return NAME.test(name) ? name : undefined;
}

export const topicsOf = (user: string): string => `${ROOT}/${user}/#`;
/** Where a reader listens for commands of this node. */
export const commandsOf = (user: string): string => `${ROOT}/${user}/commands`;
