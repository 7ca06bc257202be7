import { read } from '../../cloud/documents/intake.ts';

/** A Worker that reads the document it is sent n times. Its own clock stands still while it works: time is taken outside. */
export default {
  async fetch(request: Request): Promise<Response> {
    const bytes = new Uint8Array(await request.arrayBuffer());
    const times = Number(new URL(request.url).searchParams.get('times'));
    let lines = 0;
    for (let i = 0; i < times; i++) lines += read(bytes).document.lines.length;
    return new Response(String(lines));
  },
};
