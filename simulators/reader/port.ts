/** The emulator's end of a line. */
export interface Port {
  /** What a host opens: a device path or `tcp://127.0.0.1:port`. It stays the same over unplug and plug. */
  readonly path: string;
  /** Bytes that were lost because no host took them. */
  readonly lost: number;
  /** Never waits: like a UART it loses what the host does not take in time. */
  write(bytes: Uint8Array): void;
  /** The line goes away under the host. */
  unplug(): Promise<void>;
  plug(): Promise<void>;
  close(): Promise<void>;
}

/** Bytes from the host; `garbled` when they were sent at another rate than the module listens at. */
export type Hear = (bytes: Uint8Array) => void;

/** A module's own buffers hold a few hundred records; beyond that it loses them. */
export const BACKLOG_BYTES = 65_536;
