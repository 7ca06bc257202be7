import { utf8 } from '../../protocol/bytes.ts';
import { Fault } from '../../protocol/fault.ts';
import type { PanelModel, PanelState } from './model.ts';

/** At 8 doors of 1,000 reads/s the state changes all the time; ten pictures a second look live and keep a slow tablet free. */
const COALESCE_MS = 100;
/** The page calls the node lost after twice this with no event: Wi-Fi that dies says nothing. */
export const BEAT_MS = 5_000;
/** A wall screen, tablets and forgotten tabs; each costs a socket and a copy of every change. */
const MAX_SCREENS = 16;
/** A screen that has not taken this many bytes is skipped until it has, and then gets the whole state. */
const MAX_BEHIND_BYTES = 1_048_576;

interface Screen {
  readonly controller: ReadableStreamDefaultController<Uint8Array>;
  behind: boolean;
}

const event = (name: string, data: string): Uint8Array => utf8(`event: ${name}\ndata: ${data}\n\n`);

/**
 * The live state as server-sent events. `state` carries all of it, `change` only the members of PanelState that differ from
 * what was sent before, `beat` the node's time. Nothing is read from the model while no screen looks.
 */
export class LiveState {
  readonly #model: PanelModel;
  readonly #screens = new Set<Screen>();
  #sent = new Map<string, string>();
  #unsubscribe: (() => void) | undefined;
  #flush: NodeJS.Timeout | undefined;
  #beat: NodeJS.Timeout | undefined;

  constructor(model: PanelModel) {
    this.#model = model;
  }

  /** The stream of one screen; its first events are `beat` and `state`. @throws Fault TOO_MANY_SCREENS */
  open(): ReadableStream<Uint8Array> {
    if (this.#screens.size >= MAX_SCREENS) {
      throw new Fault('TOO_MANY_SCREENS', `${MAX_SCREENS} screens look at this panel already: close one`);
    }
    let screen: Screen;
    return new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          screen = { controller, behind: false };
          this.#start();
          // Brings everybody to one picture first, so that the changes that follow fit the state sent here.
          this.#send();
          controller.enqueue(this.#beatEvent());
          controller.enqueue(this.#whole());
          this.#screens.add(screen);
        },
        cancel: () => this.#leave(screen),
      },
      new ByteLengthQueuingStrategy({ highWaterMark: MAX_BEHIND_BYTES }),
    );
  }

  /** Ends all streams. */
  close(): void {
    for (const screen of this.#screens) {
      this.#leave(screen);
      try {
        screen.controller.close();
      } catch {
        // its socket was faster: there is nothing left to close
      }
    }
  }

  #start(): void {
    if (this.#unsubscribe !== undefined) return;
    this.#sent = new Map();
    this.#unsubscribe = this.#model.subscribe(() => {
      this.#flush ??= setTimeout(() => this.#send(), COALESCE_MS);
    });
    this.#beat = setInterval(() => this.#tell(this.#beatEvent()), BEAT_MS);
  }

  #leave(screen: Screen): void {
    this.#screens.delete(screen);
    if (this.#screens.size > 0) return;
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
    clearInterval(this.#beat);
    clearTimeout(this.#flush);
    this.#flush = undefined;
  }

  #send(): void {
    clearTimeout(this.#flush);
    this.#flush = undefined;
    const changed: string[] = [];
    const state: PanelState = this.#model.snapshot();
    for (const [key, value] of Object.entries(state)) {
      const text = JSON.stringify(value);
      if (this.#sent.get(key) === text) continue;
      this.#sent.set(key, text);
      changed.push(`${JSON.stringify(key)}:${text}`);
    }
    if (changed.length > 0) this.#tell(event('change', `{${changed.join(',')}}`));
  }

  #whole(): Uint8Array {
    return event('state', `{${Array.from(this.#sent, ([key, text]) => `${JSON.stringify(key)}:${text}`).join(',')}}`);
  }

  #beatEvent(): Uint8Array {
    return event('beat', JSON.stringify({ at: Date.now() }));
  }

  #tell(message: Uint8Array): void {
    for (const screen of this.#screens) {
      if ((screen.controller.desiredSize ?? 0) <= 0) {
        screen.behind = true;
      } else {
        screen.controller.enqueue(screen.behind ? this.#whole() : message);
        screen.behind = false;
      }
    }
  }
}
