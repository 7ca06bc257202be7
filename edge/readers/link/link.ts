/** What a link tells its owner. Neither is called before `open` has resolved or after `close` was called. */
export interface LinkEvents {
  /** The bytes belong to the receiver: the link does not write them again. */
  data(chunk: Uint8Array): void;
  /** The other side or the cable went away. */
  lost(reason: string): void;
}

/** A line of bytes to a reader: a serial device or a TCP connection. */
export interface ByteLink {
  /** The path or address, for people. */
  readonly name: string;
  /** False where a rate means nothing (TCP). */
  readonly hasBaud: boolean;
  /** @throws Fault LINK_LOST when the link is gone, LINK_STUCK when it takes nothing for two seconds. */
  write(bytes: Uint8Array): Promise<void>;
  /** Changes the rate of a serial line and discards what was received at the old one. @throws Fault LINK_BAUD */
  setBaud(baud: number): Promise<void>;
  /** Safe to call twice. */
  close(): Promise<void>;
}

/** Opens one link. The reader's driver takes this as a parameter, so that a test can put a scripted reader at the other end. */
export type OpenLink = (path: string, baud: number, events: LinkEvents) => Promise<ByteLink>;
