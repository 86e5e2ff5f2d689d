// Pictures for README and for a look beside the design: every page at 390 and 1280 px, light and dark, into FOLDER/raw;
// three of them as home.png, report.png and desk.png into FOLDER. Started by `cargo xtask screenshots`.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from '@playwright/test';
import { baseURL, demo, session, slug } from './lib/site.mjs';

const folder = process.argv[2];
const raw = join(folder, 'raw');
mkdirSync(raw, { recursive: true });

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ['--disable-gpu', '--disable-quic'], chromiumSandbox: false });

async function picture(url, role, path, options) {
  const context = await browser.newContext({ baseURL, locale: 'de-DE', timezoneId: 'Europe/Berlin', storageState: await session(browser, role), ...options });
  const page = await context.newPage();
  await page.goto(url, { waitUntil: 'networkidle' });
  await page.screenshot({ path, fullPage: !path.startsWith(join(folder, 'home')) && path.includes('/raw/') });
  await context.close();
}

for (const [name, url, role] of [['home', '/', null], ['report', '/melden', null], ['desk', demo.pages.find((page) => page.name === 'desk-case').url, 'clerk']]) {
  await picture(url, role, join(folder, `${name}.png`), { viewport: { width: 1280, height: 860 } });
}
for (const { name, url, role } of demo.pages) {
  for (const width of [390, 1280]) {
    for (const colorScheme of ['light', 'dark']) {
      await picture(url, role, join(raw, `${slug(name)}-${width}-${colorScheme}.png`), { viewport: { width, height: 844 }, colorScheme });
    }
  }
}
await browser.close();
