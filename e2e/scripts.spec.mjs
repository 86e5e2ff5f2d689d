// No text of a stranger becomes a script where a real browser looks: what a photo carries besides its pixels, what people
// type into a report, an answer or a name, and the letters made of it. The letters are opened without any content policy,
// as some mail programs do. Last in the order of files: what it leaves in the town is not pretty.
import { readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { expect, test } from '@playwright/test';
import * as checks from './lib/checks.mjs';
import { Pointer } from './lib/hands.mjs';
import { answerAndClose, lookUp, photograph, publish, report, seen, workerOf } from './lib/journey.mjs';
import { filesBelow, leftIn, letter, loaded, MARK, script } from './lib/payloads.mjs';
import { DESKTOP, PHONE, account, baseURL, caseWorkers, sessionOf, site } from './lib/site.mjs';

const ADDRESS = 'Hauptstraße 12';
const origin = baseURL && new URL(baseURL).origin;
const data = dirname(process.env.STADTPLATZ_DEMO_JSON ?? '.');
// What is sent, and what the heads of a letter then must not have.
const SMUGGLED = '\r\nBcc: eve@example.org\r\n\r\nEve';

/** Opens pages as somebody and keeps what the browser complains about. */
async function desk(browser, person, complaints) {
  const storageState = person && await sessionOf(browser, person);
  const context = await browser.newContext({ baseURL, viewport: person ? DESKTOP : PHONE, storageState });
  const page = await context.newPage();
  complaints.push(await checks.watch(page, origin));
  return page;
}

/** A field may be given what a browser would not let people type: line ends. */
async function force(field, text) {
  await field.evaluate((field, text) => {
    field.type = 'hidden';
    field.value = text;
  }, text);
}

// The demo lists a letter by its JSON, which is written last.
const lettersTo = (to) => filesBelow(join(data, 'mail'), '.json')
  .map((path) => ({ id: basename(path, '.json'), ...letter(readFileSync(path.replace(/json$/, 'eml'))) }))
  .filter((letter) => letter.head('To') === to);

/** The letter with this in its text, as soon as the worker has sent it. */
async function letterTo(to, words) {
  const found = () => lettersTo(to).find(({ text }) => text.includes(words));
  await expect.poll(() => Boolean(found()), { message: `a letter to ${to} with ${words}` }).toBe(true);
  return found();
}

/** Follows the first link of a letter of the demo and presses its button. */
async function confirm(page, { id }) {
  await page.goto(`/_post/${id}`);
  await page.locator('main .link-list a').first().click();
  await page.locator('main form button').last().click();
  await page.waitForLoadState();
}

const HEADS = [
  'Auto-Submitted', 'Content-Type', 'Date', 'From', 'List-Unsubscribe', 'MIME-Version', 'Message-ID', 'Subject', 'To',
  'X-Auto-Response-Suppress',
];
const ELEMENTS = ['a', 'blockquote', 'body', 'br', 'h2', 'head', 'hr', 'html', 'meta', 'p', 'strong', 'title'];

/** The letter has our heads and no others, two halves, and an HTML that is all ours and does nothing. */
async function harmless(browser, letter, payloads) {
  const names = letter.heads.map(([name]) => name).sort();
  expect(names).toEqual(HEADS.filter((name) => name !== 'List-Unsubscribe' || names.includes(name)));
  expect(letter.parts).toBe(2);
  const context = await browser.newContext();
  const page = await context.newPage();
  const complaints = await checks.watch(page, 'http://letter.test');
  await page.route('**/*', (route) => route.fulfill({ contentType: 'text/html; charset=utf-8', body: route.request().isNavigationRequest() ? letter.html : '' }));
  await page.goto('http://letter.test/');
  const body = await page.locator('body').innerText();
  for (const payload of payloads) {
    expect(letter.text, 'the plain half says it as it was typed').toContain(payload);
    expect(body, 'the HTML half shows it as it was typed').toContain(payload);
  }
  const used = await page.evaluate(() => [...document.querySelectorAll('*')].map((element) => ({
    name: element.localName, attributes: element.getAttributeNames(), target: element.href ?? '',
  })));
  expect(used.map(({ name }) => name).filter((name) => !ELEMENTS.includes(name))).toEqual([]);
  expect(used.flatMap(({ attributes }) => attributes).filter((name) => name.startsWith('on'))).toEqual([]);
  expect(used.map(({ target }) => target).filter((target) => target && !target.startsWith(`${origin}/`))).toEqual([]);
  await context.close();
  expect(complaints).toEqual([]);
}

// A real town has no moderator and no post to look into.
if (site !== 'bindlach') {
  test('a photo full of scripts leaves nothing but its pixels', async ({ browser }) => {
    // Alone, it signs in every case worker of the town; after the journeys one is known.
    test.setTimeout(240_000);
    const complaints = [];
    const citizen = await desk(browser, null, complaints);
    await citizen.goto('/melden');
    const { lat, lon } = await citizen.locator('[data-map]').evaluate((map) => ({ lat: Number(map.dataset.lat), lon: Number(map.dataset.lon) }));
    const photo = loaded(await photograph(browser, { width: 400, height: 300 }), { lat, lon });
    expect(leftIn(photo.buffer).length, 'the photo carries what is looked for').toBe(6);
    await citizen.locator('input[type=file][name=photo]').setInputFiles(photo);
    await expect(citizen.locator('input[name=exif]')).toHaveValue(/^\d/);
    const travels = await citizen.locator('input[type=file][name=photo]').evaluate((input) => input.files[0].size);
    expect(travels, 'the browser sends it as it is').toBe(photo.buffer.length);
    const body = script('description');
    const receipt = await report(citizen, new Pointer(citizen), { address: ADDRESS, photo, body });
    await lookUp(citizen, new Pointer(citizen), receipt);
    await expect(citizen.getByRole('main')).toContainText(body);

    const moderator = await desk(browser, account('moderator'), complaints);
    await publish(moderator, receipt.number);
    const worker = await workerOf(receipt.number, browser, baseURL, caseWorkers(), (person) => sessionOf(browser, person));
    const office = await desk(browser, worker, complaints);
    for (const path of ['/arbeit', `/arbeit/fall/${receipt.number}`]) {
      await office.goto(path);
    }
    await expect(office.getByRole('main')).toContainText(body);

    const stranger = await desk(browser, null, complaints);
    for (const path of ['/', '/meldungen', '/meldungen.geojson', `/melden/${receipt.number}`]) {
      await stranger.goto(path);
    }
    await expect(stranger.getByRole('main')).toContainText(body);
    await seen(stranger.locator('main .photo-grid img'));
    const shown = await stranger.locator('main .photo-grid img').first().evaluate((image) => image.src);
    for (const size of ['gross', 'mittel', 'klein']) {
      const answer = await stranger.request.get(shown.replace(/[^/]+$/, `${size}.jpg`));
      expect(answer.headers()['content-type']).toBe('image/jpeg');
      expect(answer.headers()['x-content-type-options']).toBe('nosniff');
      expect(leftIn(await answer.body()), `${size}.jpg`).toEqual([]);
    }
    const stored = filesBelow(join(data, 'files'));
    expect(stored.length).toBeGreaterThan(3);
    expect(stored.filter((path) => leftIn(readFileSync(path)).length)).toEqual([]);
    expect(complaints.flat()).toEqual([]);
  });

  test('letters carry scripts as text and smuggle no head', async ({ browser }) => {
    test.setTimeout(240_000);
    const complaints = [];
    const now = Date.now();
    // Every sign that an address may have and HTML or a shell would take for its own.
    const [neighbour, anna, mona] = ['o\'neil&{7*7}', '`anna`|\'+/=?', '$mona#%*'].map((name) => `${name}.${now}@example.org`);
    const citizen = await desk(browser, null, complaints);
    await citizen.goto('/melden/gebiet');
    await citizen.locator('input[name=address]').fill(ADDRESS);
    await force(citizen.locator('input[name=email]'), `${neighbour}${SMUGGLED}`);
    await citizen.locator('main .action-bar button').first().click();
    await expect(citizen.locator('.error-summary')).toBeVisible();
    await citizen.locator('input[name=email]').fill(neighbour);
    await citizen.locator('main .action-bar button').first().click();
    await expect(citizen).toHaveURL(/\/melden\/danke/);
    await confirm(citizen, await letterTo(neighbour, '/melden/folgen/'));

    const [body, answer, title] = ['description', 'answer', 'title'].map(script);
    const receipt = await report(citizen, new Pointer(citizen), { address: ADDRESS, body, email: anna });
    const asked = await letterTo(anna, '/post/bestaetigen/');
    await harmless(browser, asked, []);
    expect(asked.text, 'nobody lets us deliver words to a stranger').not.toContain(MARK);
    await confirm(citizen, asked);

    const moderator = await desk(browser, account('moderator'), complaints);
    await moderator.goto(`/arbeit/meldung/${receipt.number}`);
    await force(moderator.locator('input[name=title]'), `${title}${SMUGGLED}`);
    await moderator.getByRole('button', { name: 'Veröffentlichen', exact: true }).click();
    await moderator.waitForLoadState();
    const news = await letterTo(neighbour, receipt.number);
    await harmless(browser, news, [title, body]);
    expect(news.head('Subject')).toContain(title);

    const worker = await workerOf(receipt.number, browser, baseURL, caseWorkers(), (person) => sessionOf(browser, person));
    const office = await desk(browser, worker, complaints);
    await answerAndClose(office, new Pointer(office), receipt.number, answer);
    const closed = await letterTo(anna, answer);
    await harmless(browser, closed, [answer]);

    const name = script('name');
    const head = await desk(browser, account('administrator'), complaints);
    await head.goto('/verwaltung/personen/neu');
    await force(head.locator('input[name=name]'), `${name}${SMUGGLED}`);
    await head.locator('input[name=email]').fill(mona);
    await head.locator('select[name=unit]').selectOption({ index: 1 });
    await head.getByRole('button', { name: 'Einladen' }).click();
    await head.waitForLoadState();
    const invited = await letterTo(mona, '/einladung/');
    await harmless(browser, invited, [name]);

    for (const { id, text } of [asked, news, closed, invited]) {
      await citizen.goto(`/_post/${id}`);
      await expect(citizen.locator('.letter-text')).toHaveText(text, { useInnerText: true });
    }
    await citizen.goto('/_post');
    await expect(citizen.getByRole('main')).toContainText(title);
    expect(complaints.flat()).toEqual([]);
  });
}
