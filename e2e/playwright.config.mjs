// The one configuration of the browser tests. The site is already running: `cargo xtask test` starts it and says where by
// STADTPLATZ_BASE_URL and STADTPLATZ_DEMO_JSON. Nothing is retried: a test that passes the second time has failed.
import { join } from 'node:path';
import { defineConfig } from '@playwright/test';

const out = process.env.STADTPLATZ_E2E_OUT ?? 'test-results';

export default defineConfig({
  testDir: '.',
  testMatch: '*.spec.mjs',
  // The checks of the checks need no site: once, beside the first one, is enough.
  testIgnore: ['postgres', 'bindlach'].includes(process.env.STADTPLATZ_E2E_SITE) ? ['checks.spec.mjs'] : [],
  outputDir: join(out, 'artifacts'),
  workers: 1,
  retries: 0,
  forbidOnly: true,
  timeout: 90_000,
  expect: { timeout: 10_000 },
  reporter: [['line'], ['json', { outputFile: join(out, 'report.json') }]],
  use: {
    browserName: 'chromium',
    baseURL: process.env.STADTPLATZ_BASE_URL,
    locale: 'de-DE',
    timezoneId: 'Europe/Berlin',
    actionTimeout: 10_000,
    navigationTimeout: 30_000,
    screenshot: 'only-on-failure',
    launchOptions: {
      executablePath: process.env.CHROMIUM || undefined,
      args: ['--disable-gpu', '--disable-quic', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
      chromiumSandbox: false,
    },
  },
});
