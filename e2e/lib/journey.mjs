// The main job as acts of people: a citizen reports, a case worker answers and closes, the citizen reads and rates. Fields
// are found by their names, which are also what is sent; what people read is checked by the tests.
import { expect } from '@playwright/test';

/** Reports damage and answers with number and PIN of the receipt. The place is an address, or a `spot` as below. */
export async function report(page, hand, { address, spot, photo, body, email }) {
  await page.goto('/melden');
  if (photo) {
    await page.locator('input[type=file][name=photo]').setInputFiles(photo);
  }
  if (spot) {
    await spot(page);
  } else {
    await hand.fill(page.locator('input[name=address]'), address);
  }
  await send(page, hand);
  // Several places of that name are offered on the same page.
  if (new URL(page.url()).pathname === '/melden') {
    await hand.choose(page.locator('main input[type=radio]').first());
    await send(page, hand);
  }
  await expect(page).toHaveURL(/\/melden\/was/);
  await chooseProblem(page, hand);
  await hand.fill(page.locator('textarea[name=body]'), body);
  await send(page, hand);
  await expect(page).toHaveURL(/\/melden\/pruefen/);
  await expect(page.getByRole('main')).toContainText(body);
  if (photo) {
    await seen(page.locator('main .photo-grid img'));
  }
  if (email) {
    await hand.fill(page.locator('input[name=email]'), email);
  }
  await send(page, hand);
  await expect(page).toHaveURL(/\/melden\/fertig\//);
  const text = await page.getByRole('main').innerText();
  const number = text.match(/\d{4}-\d{2}-\d+/)?.[0];
  const pin = text.replace(number, '').match(/PIN\s*([0-9A-Z](?:[0-9A-Z -]*[0-9A-Z])?)/i)?.[1];
  expect(number, 'the receipt shows a number').toBeTruthy();
  expect(pin, 'the receipt shows a PIN').toBeTruthy();
  return { number, pin: pin.split('\n')[0].trim() };
}

/** A tap on the map, beside its middle, when its tiles are there. */
export async function tapOnMap(page) {
  await page.locator('[data-map] .leaflet-tile-loaded').first().waitFor();
  const map = page.locator('[data-map]');
  const { width, height } = await map.boundingBox();
  await map.click({ position: { x: width / 2 + 20, y: height / 2 - 20 } });
  await expect(page.locator('input[name=lat]')).not.toHaveValue('');
  await expect(page.locator('[data-map] .map-pin')).toBeVisible();
}

/** Without scripts the map is a picture and a button: the page comes again and names what lies there. */
export async function clickOnPicture(page) {
  await page.locator('input[type=image][name=point]').click({ position: { x: 150, y: 150 } });
  await expect(page.locator('main .notice.ok strong').first()).not.toBeEmpty();
}

/** Where the device is: the middle of the town's map. The person has allowed it. */
export async function ownPosition(page) {
  const { lat, lon } = await page.locator('[data-map]').evaluate((map) => ({ ...map.dataset }));
  await page.context().grantPermissions(['geolocation']);
  await page.context().setGeolocation({ latitude: Number(lat), longitude: Number(lon), accuracy: 10 });
  await page.locator('[data-locate]').click();
  await expect(page.locator('input[name=lat]')).toHaveValue(Number(lat).toFixed(6));
}

/** A real photo, painted by the browser and packed as JPEG: by default larger than what is sent, so that shrinking is part of it. */
export async function photograph(browser, size = { width: 2400, height: 1800 }) {
  const context = await browser.newContext();
  const page = await context.newPage();
  const packed = await page.evaluate(async ({ width, height }) => {
    const canvas = new OffscreenCanvas(width, height);
    const brush = canvas.getContext('2d');
    for (let step = 0; step < 400; step += 1) {
      brush.fillStyle = `hsl(${step * 37 % 360} 60% ${30 + step % 40}%)`;
      brush.fillRect(step * 131 % width, step * 71 % height, 300, 200);
    }
    const blob = await canvas.convertToBlob({ type: 'image/jpeg', quality: .9 });
    const bytes = new Uint8Array(await blob.arrayBuffer());
    return Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
  }, size);
  await context.close();
  return { name: 'Leuchte.jpg', mimeType: 'image/jpeg', buffer: Buffer.from(packed, 'latin1') };
}

/** A picture that has arrived and can be decoded, not only its frame. */
export async function seen(image) {
  await image.first().scrollIntoViewIfNeeded();
  await expect.poll(() => image.first().evaluate((element) => element.naturalWidth)).toBeGreaterThan(100);
}

/** Opens the report in the list of what waits for a review and publishes it, its photo first. */
export async function publish(page, number) {
  await page.goto('/arbeit/pruefung');
  await page.locator(`main a[href*="${number}"]`).first().click();
  const photo = page.getByRole('button', { name: 'Foto veröffentlichen' });
  if (await photo.count()) {
    await seen(page.locator('.blur-editor img'));
    await photo.first().click();
    await expect(page.locator('main')).toContainText('So sieht es die Öffentlichkeit');
  }
  await page.getByRole('button', { name: 'Veröffentlichen', exact: true }).click();
  await page.waitForLoadState();
}

/** Presses the form's primary button and waits for the page that answers: a key press does not wait by itself. */
async function send(page, hand) {
  const arrived = page.waitForEvent('load');
  await hand.press(next(page));
  await arrived;
}

/** The primary button of the page's own form. */
function next(page) {
  return page.locator('main form .action-bar button.button, main form .actions button.button').first();
}

/** Opens the group of street lamps and takes its first problem; answers what it asks. */
async function chooseProblem(page, hand) {
  const problem = page.locator('input[name=problem][value^="lamp"], input[name=problem][value^="street_light"], input[name=problem]').first();
  const group = page.locator('details').filter({ has: problem });
  if (await group.count() && (await group.first().getAttribute('open')) === null) {
    await hand.press(group.first().locator('summary'));
  }
  await hand.choose(problem);
}

/** Who was found last: the next case is often of the same kind, and each of the others would have to sign in first. */
let last;

/** Finds the case worker who may see this case: the rules chose the office. */
export async function workerOf(number, browser, baseURL, workers, session) {
  for (const worker of [...workers].sort((one, other) => (other === last) - (one === last))) {
    const context = await browser.newContext({ baseURL, storageState: await session(worker) });
    const response = await context.request.get(`/arbeit/fall/${number}`);
    await context.close();
    if (response.ok()) {
      last = worker;
      return worker;
    }
  }
  throw new Error(`none of ${workers.length} case workers may open ${number}`);
}

/** Finds the case by its number, which opens it, takes it, answers and closes it. */
export async function answerAndClose(page, hand, number, answer) {
  await page.goto('/arbeit');
  const search = page.locator('input[data-desk-search]');
  await hand.fill(search, number);
  await search.press('Enter');
  await expect(page).toHaveURL(new RegExp(`/arbeit/fall/${number}`));
  await hand.press(page.getByRole('button', { name: 'Mir zuweisen' }));
  await expect(page.getByRole('button', { name: 'Mir zuweisen' })).toHaveCount(0);
  await hand.fill(page.locator('textarea[name=antwort]'), answer);
  // "erledigt" is what the form offers first.
  await expect(page.locator('select[name=ergebnis]')).toHaveValue('resolved');
  await hand.press(page.getByRole('button', { name: 'Antworten und schließen' }));
  await expect(page.getByRole('button', { name: 'Antworten und schließen' })).toHaveCount(0);
  await page.goto(`/arbeit/fall/${number}`);
  await expect(page.getByRole('main')).toContainText(answer);
}

/** Opens the status page with number and PIN. */
export async function lookUp(page, hand, { number, pin }) {
  await page.goto('/stand');
  await hand.fill(page.locator('input[name=nummer]'), number);
  await hand.fill(page.locator('input[name=pin]'), pin);
  await hand.press(page.locator('main form').filter({ has: page.locator('input[name=pin]') }).locator('button').last());
  await expect(page).toHaveURL(new RegExp(`/stand/${number}`));
}

export async function rate(page, hand) {
  await hand.choose(page.locator('input[name=note][value="5"]'));
  await hand.press(page.locator('form[action$="/bewertung"]').filter({ has: page.locator('input[name=note]') }).locator('button').last());
}
