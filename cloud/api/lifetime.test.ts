import { describe, expect, it } from 'vitest';
import { lifetime } from './lifetime.ts';

describe('a stream with a lifetime', () => {
  it('passes everything on and ends in good order, its source cancelled', async () => {
    let cancelled: () => void = () => {};
    const over = new Promise<void>((resolve) => {
      cancelled = resolve;
    });
    const source = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(Uint8Array.of(1, 2, 3)),
      cancel: () => cancelled(),
    });
    const reader = source.pipeThrough(lifetime(20)).getReader();
    expect((await reader.read()).value).toEqual(Uint8Array.of(1, 2, 3));
    expect((await reader.read()).done).toBe(true);
    await over;
  });

  it('ends when its source does', async () => {
    const source = new ReadableStream<Uint8Array>({ start: (controller) => controller.close() });
    expect(await new Response(source.pipeThrough(lifetime(3_600_000))).text()).toBe('');
  });
});
