import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { claimPort, freePort, portFree } from './ports.ts';

describe('ports', () => {
  it('names the taken port, what wanted it and how to choose another', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    await expect(claimPort(port, 'hub', '--hub-port', 'HUB_PORT')).rejects.toMatchObject({
      code: 'PORT_TAKEN',
      message: expect.stringMatching(new RegExp(`^port ${port} for the hub is taken .*--hub-port \\d+ \\(or HUB_PORT=\\d+\\)$`)),
    });
    await new Promise((resolve) => server.close(resolve));
    await expect(claimPort(port, 'hub', '--hub-port', 'HUB_PORT')).resolves.toBeUndefined();
  });

  it('finds a free one', async () => {
    expect(await portFree(await freePort())).toBe(true);
  });
});
