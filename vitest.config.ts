import { cloudflareTest, readD1Migrations } from '@cloudflare/vitest-plugin';
import { defineConfig, type TestProjectConfiguration } from 'vitest/config';

const node = (name: string, folder: string, more: object = {}): TestProjectConfiguration => ({
  test: { name, include: [`${folder}/**/*.test.ts`], environment: 'node', ...more },
});

// wrangler takes the secrets that wrangler.toml requires from the environment.
process.env['BOOTSTRAP_TOKEN'] = 'a-bootstrap-token-for-tests-only-0123456789';

export default defineConfig({
  test: {
    // The json file is what `.ci/run` counts; it holds no more than the terminal shows.
    reporters: ['default', 'json'],
    outputFile: { json: '.docket/tests.json' },
    projects: [
      node('architecture', '.ci'),
      node('protocol', 'protocol'),
      node('edge', 'edge', { testTimeout: 20_000, globalSetup: './.ci/browser.ts' }),
      node('simulators', 'simulators', { testTimeout: 120_000, exclude: ['simulators/e2e/**', 'simulators/interop/**'] }),
      { test: { name: 'cloud-node', include: ['cloud/**/*.node.test.ts'], environment: 'node' } },
      {
        plugins: [
          cloudflareTest(async () => ({
            wrangler: { configPath: './wrangler.toml' },
            miniflare: {
              bindings: { CATALOG_MIGRATIONS: await readD1Migrations('./cloud/catalog/migrations') },
            },
          })),
        ],
        test: {
          name: 'cloud',
          setupFiles: ['cloud/catalog/migrate.setup.ts'],
          include: ['cloud/**/*.test.ts'],
          exclude: ['cloud/**/*.node.test.ts'],
          deps: { optimizer: { ssr: { enabled: true, include: ['mqtt-packet'] } } },
        },
      },
      // Real processes need the machine for themselves: they run when everything else has ended.
      node('e2e', 'simulators/e2e', {
        testTimeout: 300_000,
        hookTimeout: 120_000,
        globalSetup: './.ci/browser.ts',
        fileParallelism: false,
        sequence: { groupOrder: 1 },
      }),
      // Clients that others wrote against hub and broker.
      node('interop', 'simulators/interop', {
        testTimeout: 120_000,
        hookTimeout: 180_000,
        globalSetup: './.ci/interop.ts',
        fileParallelism: false,
        sequence: { groupOrder: 2 },
      }),
    ],
  },
});
