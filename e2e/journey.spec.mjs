// From a broken lamp to a closed case, as people do it: phone and desktop, with and without scripts, by pointer and by
// keyboard, on both databases and on a real place. By default each site sees a pairwise part of it; `--full` sees all.
import { expect, test } from '@playwright/test';
import * as checks from './lib/checks.mjs';
import { Keyboard, Pointer } from './lib/hands.mjs';
import {
  answerAndClose, clickOnPicture, lookUp, ownPosition, photograph, publish, rate, report, seen, tapOnMap, workerOf,
} from './lib/journey.mjs';
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
    // The first of these signs in every case worker of the town, to find the one whose office has the case.
    test.setTimeout(240_000);
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

const SPOTS = [
  { name: 'by a tap on the map', spot: tapOnMap, device: 'phone', scripts: true, sites: ['sqlite', 'bindlach'] },
  { name: 'by a click on the picture of the map', spot: clickOnPicture, device: 'phone', scripts: false, sites: ['sqlite', 'postgres', 'bindlach'] },
  { name: 'by the position of the device', spot: ownPosition, device: 'phone', scripts: true, sites: ['sqlite'] },
];

for (const { name, spot, ...way } of SPOTS.filter((way) => full || way.sites.includes(site))) {
  test(`a report with a photo, its place ${name}`, async ({ browser }) => {
    const context = await browser.newContext(options(way));
    const page = await context.newPage();
    const complaints = await checks.watch(page, new URL(baseURL).origin);
    const photo = await photograph(browser);
    const receipt = await report(page, new Pointer(page), { spot, photo, body: `Die Leuchte ist zersplittert (${name}, ${Date.now()}).` });
    await lookUp(page, new Pointer(page), receipt);
    await seen(page.locator('main img[src*="/stand/"], main .photo-grid img'));
    await context.close();
    expect(complaints).toEqual([]);
  });
}

if (site !== 'bindlach') {
  test('nobody sees a report before a moderator has looked at it', async ({ browser }) => {
    const body = `Am Mast hängt ein Kabel heraus (Prüfung, ${Date.now()}).`;
    const origin = new URL(baseURL).origin;
    const home = await browser.newContext(options({ device: 'phone', scripts: true }));
    const citizen = await home.newPage();
    const complaints = await checks.watch(citizen, origin);
    const { number } = await report(citizen, new Pointer(citizen), { address: ADDRESS, photo: await photograph(browser), body });

    const street = await browser.newContext({ baseURL });
    const stranger = await street.newPage();
    expect((await stranger.goto(`/melden/${number}`)).status()).toBe(404);
    await stranger.goto('/meldungen');
    await expect(stranger.locator(`a[href="/melden/${number}"]`)).toHaveCount(0);

    const office = await browser.newContext({ baseURL, viewport: DESKTOP, storageState: await sessionOf(browser, account('moderator')) });
    const desk = await office.newPage();
    complaints.push(...await checks.watch(desk, origin));
    await publish(desk, number);

    expect((await stranger.goto(`/melden/${number}`)).status()).toBe(200);
    await expect(stranger.getByRole('main')).toContainText(body);
    await seen(stranger.locator('main .photo-grid img'));
    await stranger.goto('/meldungen');
    await expect(stranger.locator(`main a[href^="/melden/${number}"]`).first()).toBeVisible();
    for (const context of [home, street, office]) {
      await context.close();
    }
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

test('a tap on the map counts more than the place chosen before it', async ({ page }) => {
  await page.goto('/melden');
  await page.locator('input[name=address]').fill(ADDRESS.replace(/\d+$/, '9999'));
  await page.locator('input[name=address]').press('Enter');
  const offer = page.locator('main input[type=radio][name=hit]').first();
  await offer.check();
  const offered = (await offer.inputValue()).split(',').slice(0, 2).map(Number);
  await tapOnMap(page);
  await expect(offer).not.toBeChecked();
  const tapped = [];
  for (const name of ['lat', 'lon']) {
    tapped.push(Number(await page.locator(`input[name=${name}]`).inputValue()));
  }
  expect(tapped).not.toEqual(offered);
  await page.locator('main .action-bar button').first().click();
  await expect(page).toHaveURL(/\/melden\/was/);
  const { search } = new URL(page.url());
  await page.goto(`/melden${search}`);
  await expect(page.locator('input[name=lat]')).toHaveValue(tapped[0].toFixed(6));
  await expect(page.locator('input[name=lon]')).toHaveValue(tapped[1].toFixed(6));
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
