import { cloudflareTest } from '@cloudflare/vitest-plugin';
import { defineConfig } from 'vitest/config';

const node = (name: string, more: object = {}) => ({
  test: { name, include: [`${name}/**/*.test.ts`], environment: 'node', ...more },
});

export default defineConfig({
  test: {
    projects: [
      node('protocol'),
      node('edge', { testTimeout: 20_000 }),
      node('simulators', { testTimeout: 120_000, exclude: ['simulators/e2e/**'] }),
      { test: { name: 'cloud-node', include: ['cloud/**/*.node.test.ts'], environment: 'node' } },
      {
        plugins: [cloudflareTest({ wrangler: { configPath: './wrangler.toml' } })],
        test: {
          name: 'cloud',
          include: ['cloud/**/*.test.ts'],
          exclude: ['cloud/**/*.node.test.ts'],
          deps: { optimizer: { ssr: { enabled: true, include: ['mqtt-packet'] } } },
        },
      },
    ],
  },
});
