// The checks themselves: each must find what it is for, and must leave a good page alone. A check that cannot fail would
// make every page look fine.
import { expect, test } from '@playwright/test';
import * as checks from './lib/checks.mjs';

const ORIGIN = 'http://checks.test';
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'self'";

async function show(page, body, head = '') {
  const text = `<!DOCTYPE html><html lang="de"><head><meta charset="utf-8"><title>Probe</title>${head}</head><body><main><h1>Probe</h1>${body}</main></body></html>`;
  await page.route('**/*', (route) => route.fulfill({ contentType: 'text/html', headers: { 'content-security-policy': POLICY }, body: text }));
  const complaints = await checks.watch(page, ORIGIN);
  await page.goto(`${ORIGIN}/`);
  return { text, complaints };
}

test('a good page has no complaint', async ({ page }) => {
  const { text, complaints } = await show(page, '<p>Text <a href="/a">Verweis auf eine Seite</a></p><button type="button">Weiter</button>',
    '<style>:focus { outline: 2px solid black } a, button { display: inline-block; min-height: 2rem; min-width: 2rem }</style>');
  expect(complaints).toEqual([]);
  expect(await checks.axe(page)).toEqual([]);
  expect(await checks.sideways(page, 'plain')).toEqual([]);
  expect(await checks.bigText(page)).toEqual([]);
  expect(await checks.textSpacing(page)).toEqual([]);
  expect(await checks.focus(page, 4)).toEqual([]);
  expect(await checks.skeleton(page)).toEqual([]);
  expect(await checks.html(text.replace(/<style>.*<\/style>/, ''))).toEqual([]);
});

test('axe finds a picture without text and a small target', async ({ page }) => {
  await show(page, '<img src="a.png"><button style="width:8px;height:8px;padding:0" aria-label="a"></button><button style="width:8px;height:8px;padding:0" aria-label="b"></button>');
  const found = (await checks.axe(page)).join('\n');
  expect(found).toContain('image-alt');
  expect(found).toContain('target-size');
});

test('a page without scripts can be measured', async ({ browser }) => {
  const context = await browser.newContext({ javaScriptEnabled: false, viewport: { width: 320, height: 600 } });
  const page = await context.newPage();
  await show(page, '<h1>noch eine</h1><div class="wide" style="width:500px">x</div>');
  expect(await checks.skeleton(page)).toEqual(['2 h1 instead of one']);
  expect((await checks.sideways(page, 'plain'))[0]).toContain('div.wide');
  await context.close();
});

test('a wide box is found', async ({ page }) => {
  await page.setViewportSize({ width: 320, height: 600 });
  await show(page, '<div class="wide" style="width:500px">x</div>');
  expect((await checks.sideways(page, 'plain'))[0]).toContain('div.wide');
});

test('text that is cut off at 200 % is found', async ({ page }) => {
  await show(page, '<p style="height:1.5em;overflow:hidden">ein Wort</p>', '<style>html[data-text-size="200"] p { font-size: 32px; height: 20px !important }</style>');
  expect((await checks.bigText(page))[0]).toContain('cut off');
});

test('a covered and an unmarked focus are found', async ({ page }) => {
  await show(page, '<a href="/a" style="outline:2px solid">eins</a> <a href="/b">zwei</a><div style="position:fixed;inset:0 0 auto 0;height:400px;background:#fff"></div>', '<style>:focus { outline: none }</style>');
  expect((await checks.focus(page, 2)).join('\n')).toContain('focus is hidden');
  await page.unrouteAll();
  await show(page, '<a href="/b">zwei</a>', '<style>:focus { outline: none }</style>');
  expect((await checks.focus(page, 1)).join('\n')).toContain('focus cannot be seen');
});

test('content policy, third parties and broken markup are found', async ({ page }) => {
  const { text, complaints } = await show(page, '<p id="a" onclick="x()">a</p><p id="a">b</p><img alt="" src="http://other.test/x.png"><script>x()</script>');
  const found = complaints.join('\n');
  expect(found).toContain('content policy');
  expect((await checks.html(text)).join('\n')).toContain('no-dup-id');
});

test('a dialog is found', async ({ page }) => {
  const { complaints } = await show(page, '');
  await page.evaluate(() => alert('in'));
  expect(complaints).toEqual(['a dialog: in']);
});

test('a missing main and two headings are found', async ({ page }) => {
  await show(page, '<h1>noch eine</h1>');
  await page.evaluate(() => document.querySelector('main').replaceWith(...document.querySelector('main').childNodes));
  expect(await checks.skeleton(page)).toEqual(['2 h1 instead of one', 'no main landmark']);
});
