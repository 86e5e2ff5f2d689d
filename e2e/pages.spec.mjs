// Every page that demo.json names, for the role that it needs: accessibility, content policy, reflow, focus, valid HTML.
// By default each page is seen at three of the six combinations of width and theme, so that every width and both themes
// occur on every page, once without scripts, and a citizen's page once in English. `--full` sees all of them.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@playwright/test';
import * as checks from './lib/checks.mjs';
import { baseURL, demo, full, out, session, site, slug } from './lib/site.mjs';

const WIDTHS = [1280, 390, 320];
const THEMES = ['light', 'dark'];
const HEIGHT = 800;

/** Neighbouring pages get the opposite themes, so that each pair of width and theme is seen on half of the pages. */
function looks(index) {
  if (full) {
    return WIDTHS.flatMap((width) => THEMES.map((theme) => ({ width, theme })));
  }
  return WIDTHS.map((width, step) => ({ width, theme: THEMES[(index + step) % 2] }));
}

// The same HTML comes from both databases; the second one only proves it for the journey, unless everything is wanted.
const pages = site === 'sqlite' || full ? demo.pages : [];
const folder = join(out, 'html');
mkdirSync(folder, { recursive: true });

async function open(browser, { role, url }, options) {
  const storageState = await session(browser, role);
  const context = await browser.newContext({ baseURL, storageState, ...options });
  const page = await context.newPage();
  const complaints = await checks.watch(page, new URL(baseURL).origin);
  const response = await page.goto(url, { waitUntil: 'load' });
  return { context, page, complaints, response };
}

for (const [index, entry] of pages.entries()) {
  const title = `${entry.name} (${entry.url}, ${entry.role ?? 'visitor'})`;
  const expected = entry.status ?? 200;

  for (const { width, theme } of looks(index)) {
    test(`${title} at ${width} px, ${theme}`, async ({ browser }) => {
      const { context, page, complaints, response } = await open(browser, entry, { viewport: { width, height: HEIGHT }, colorScheme: theme });
      expect(response.status()).toBe(expected);
      complaints.push(...await checks.axe(page));
      complaints.push(...await checks.sideways(page, `${width} px`));
      if (width !== 390) {
        complaints.push(...await checks.bigText(page));
      }
      if (width !== 1280) {
        complaints.push(...await checks.textSpacing(page));
      }
      if (width !== 320) {
        complaints.push(...await checks.focus(page));
      }
      await context.close();
      expect(complaints).toEqual([]);
    });
  }

  if (!entry.role) {
    const width = WIDTHS[index % WIDTHS.length];
    const theme = THEMES[Math.floor(index / WIDTHS.length) % THEMES.length];
    test(`${title} in English at ${width} px, ${theme}`, async ({ browser }) => {
      const options = { viewport: { width, height: HEIGHT }, colorScheme: theme, locale: 'en-GB' };
      const { context, page, complaints, response } = await open(browser, entry, options);
      expect(response.status()).toBe(expected);
      expect(await page.locator('html').getAttribute('lang')).toBe('en');
      complaints.push(...await checks.html(await response.text()), ...await checks.skeleton(page));
      complaints.push(...await checks.axe(page), ...await checks.sideways(page, `${width} px`), ...await checks.bigText(page));
      await context.close();
      expect(complaints).toEqual([]);
    });
  }

  test(`${title} without scripts, as valid HTML`, async ({ browser }) => {
    const width = WIDTHS[1 + (index % 2)];
    const { context, page, complaints, response } = await open(browser, entry, { viewport: { width, height: HEIGHT }, javaScriptEnabled: false });
    expect(response.status()).toBe(expected);
    const text = await response.text();
    writeFileSync(join(folder, `${String(index).padStart(3, '0')}-${slug(entry.name)}.html`), text);
    complaints.push(...await checks.html(text), ...await checks.skeleton(page), ...await checks.sideways(page, `${width} px`));
    await context.close();
    expect(complaints).toEqual([]);
  });
}

// A real town has no list of example pages.
if (site !== 'bindlach') {
  test('demo.json names pages for visitors and for staff', () => {
    expect(demo.pages.filter((page) => !page.role).length).toBeGreaterThan(5);
    expect(demo.pages.filter((page) => page.role).length).toBeGreaterThan(3);
  });
}
