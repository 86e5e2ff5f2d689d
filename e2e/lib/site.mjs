// The running site: its address, accounts and pages from demo.json, and signed-in browsers. Sessions are made once per
// role and kept, so that the rate limit of the sign-in page is never in the way.
import { readFileSync } from 'node:fs';

export const demo = JSON.parse(readFileSync(process.env.STADTPLATZ_DEMO_JSON, 'utf8'));
export const baseURL = process.env.STADTPLATZ_BASE_URL ?? demo.base_url;
// Which site this is: the demo town on `sqlite` or `postgres`, or the real place `bindlach`.
export const site = process.env.STADTPLATZ_E2E_SITE ?? 'sqlite';
export const full = process.env.STADTPLATZ_E2E_FULL === '1';
export const out = process.env.STADTPLATZ_E2E_OUT ?? 'test-results';

export const PHONE = { width: 390, height: 844 };
export const DESKTOP = { width: 1280, height: 800 };

export function account(role) {
  const found = demo.accounts.find((account) => account.role === role);
  if (!found) {
    const known = demo.accounts.map((account) => account.role).join(', ');
    throw new Error(`demo.json has no account with the role ${role}; it has ${known}`);
  }
  return found;
}

/** Signs in through the page, as a person does. Whoever was only invited follows the invitation first. */
export async function signIn(page, person) {
  if (person.invitation) {
    const invitation = await page.goto(new URL(person.invitation).pathname);
    // It works once; afterwards it is gone, and the account is there.
    if (invitation.ok()) {
      await page.locator('main input[type=password]').first().fill(person.password);
      await page.locator('main form button').last().click();
      await page.waitForURL((url) => !url.pathname.startsWith('/einladung'));
      await page.context().clearCookies();
    }
  }
  await page.goto('/anmelden');
  await page.locator('main input[name=email]:not([type=hidden])').fill(person.email);
  const secret = page.locator('main input[type=password]').first();
  await secret.fill(person.password);
  await secret.press('Enter');
  await page.waitForURL((url) => !url.pathname.startsWith('/anmelden'));
}

const sessions = new Map();

/** Everybody who works on cases. */
export function caseWorkers() {
  return demo.accounts.filter(({ role }) => role === 'clerk' || role === 'head');
}

/** The cookies of somebody with this role; `null` is a visitor without account. */
export async function session(browser, role) {
  return role ? sessionOf(browser, account(role)) : undefined;
}

export async function sessionOf(browser, person) {
  if (!sessions.has(person.email)) {
    const context = await browser.newContext({ baseURL });
    await signIn(await context.newPage(), person);
    sessions.set(person.email, await context.storageState());
    await context.close();
  }
  return sessions.get(person.email);
}

/** A file name for a page's address. */
export function slug(text) {
  return text.replace(/[^\p{L}\p{N}]+/gu, '-').replace(/^-|-$/g, '').slice(0, 80) || 'home';
}
