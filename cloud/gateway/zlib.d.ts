/** What the hub uses of Node's zlib, which workerd has and @cloudflare/workers-types does not declare. */
declare module 'node:zlib' {
  export function inflateRawSync(
    deflated: Uint8Array,
    options: { readonly dictionary: Uint8Array; readonly maxOutputLength: number; readonly info: true },
  ): {
    readonly buffer: Uint8Array<ArrayBuffer>;
    readonly engine: { /** Bytes of the input that it took. */ readonly bytesWritten: number };
  };
  export function inflateSync(
    deflated: Uint8Array,
    options: { readonly maxOutputLength: number; readonly finishFlush: number },
  ): Uint8Array;
}
