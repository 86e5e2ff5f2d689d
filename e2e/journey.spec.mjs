// From a broken lamp to a closed case, as people do it: phone and desktop, with and without scripts, by pointer and by
// keyboard, on both databases and on a real place. By default each site sees a pairwise part of it; `--full` sees all.
import { expect, test } from '@playwright/test';
import * as checks from './lib/checks.mjs';
import { Keyboard, Pointer } from './lib/hands.mjs';
import { answerAndClose, lookUp, rate, report, workerOf } from './lib/journey.mjs';
import { DESKTOP, PHONE, account, baseURL, caseWorkers, full, sessionOf, site } from './lib/site.mjs';

const ADDRESS = site === 'bindlach' ? 'Adam-Weber-Weg 10' : 'Hauptstraße 12';
const ANSWER = 'Danke für den Hinweis. Wir haben die Leuchte getauscht, sie brennt wieder.';

const WAYS = [
  { device: 'phone', scripts: true, keys: false, sites: ['sqlite', 'bindlach'] },
  { device: 'phone', scripts: false, keys: false, sites: ['postgres'] },
  { device: 'desktop', scripts: true, keys: true, sites: ['sqlite', 'bindlach'] },
  { device: 'desktop', scripts: false, keys: true, sites: ['bindlach', 'postgres'] },
  { device: 'desktop', scripts: false, keys: false, sites: ['sqlite', 'bindlach'] },
  { device: 'desktop', scripts: true, keys: false, sites: ['postgres'] },
];

const options = ({ device, scripts }) => ({
  baseURL,
  javaScriptEnabled: scripts,
  viewport: device === 'phone' ? PHONE : DESKTOP,
  hasTouch: device === 'phone',
});

for (const way of WAYS.filter((way) => full || way.sites.includes(site))) {
  const name = `${way.device}, ${way.scripts ? 'with' : 'without'} scripts, by ${way.keys ? 'keyboard' : 'pointer'}`;

  test(`a report becomes a closed case: ${name}`, async ({ browser }) => {
    const Hand = way.keys ? Keyboard : Pointer;
    const body = `Die Leuchte vor dem Haus bleibt dunkel (${name}, ${Date.now()}).`;
    const origin = new URL(baseURL).origin;

    const home = await browser.newContext(options(way));
    const citizen = await home.newPage();
    const complaints = await checks.watch(citizen, origin);
    const receipt = await report(citizen, new Hand(citizen), { address: ADDRESS, body, email: 'anna.muster@example.org' });

    await lookUp(citizen, new Hand(citizen), receipt);
    await expect(citizen.getByRole('main')).not.toContainText(ANSWER);

    const worker = await workerOf(receipt.number, browser, baseURL, caseWorkers(), (person) => sessionOf(browser, person));
    const office = await browser.newContext({ ...options(way), viewport: DESKTOP, storageState: await sessionOf(browser, worker) });
    const desk = await office.newPage();
    complaints.push(...await checks.watch(desk, origin));
    await answerAndClose(desk, new Hand(desk), receipt.number, ANSWER);

    await lookUp(citizen, new Hand(citizen), receipt);
    await expect(citizen.getByRole('main')).toContainText(ANSWER);
    await rate(citizen, new Hand(citizen));
    await expect(citizen.locator('main .notice.ok').first()).toBeVisible();

    await home.close();
    await office.close();
    expect(complaints).toEqual([]);
  });
}

test('nothing typed is lost when something is missing', async ({ page }) => {
  await page.goto('/melden');
  await page.locator('input[name=address]').fill('Gibtesnichtweg 99999');
  await page.locator('input[name=address]').press('Enter');
  await expect(page.locator('input[name=address]')).toHaveValue('Gibtesnichtweg 99999');
  await expect(page.locator('.error-summary')).toBeVisible();
});

test('a wrong PIN tells nothing', async ({ page }) => {
  await page.goto('/stand');
  await page.locator('input[name=nummer]').fill('2026-01-999999');
  await page.locator('input[name=pin]').fill('0000');
  await page.locator('input[name=pin]').press('Enter');
  await expect(page.locator('.error-summary')).toBeVisible();
  await expect(page).toHaveURL(/\/stand$/);
});

test('the sign-in page refuses a wrong password and keeps the address', async ({ page }) => {
  const { email } = caseWorkers()[0] ?? account('head');
  await page.goto('/anmelden');
  await page.locator('main input[name=email]:not([type=hidden])').fill(email);
  await page.locator('main input[type=password]').fill('falsch geraten');
  await page.locator('main input[type=password]').press('Enter');
  await expect(page.locator('.error-summary')).toBeVisible();
  await expect(page.locator('main input[name=email]:not([type=hidden])')).toHaveValue(email);
});
