// What must hold on every page, each as a function that returns a list of complaints (empty: fine). None of them knows a
// page of ours. `checks.spec.mjs` shows each of them a good and a bad page.
import { AxeBuilder } from '@axe-core/playwright';
import { HtmlValidate } from 'html-validate';

const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/** Collects content-policy reports, dialogs, script errors and requests to other hosts from the moment it is called. */
export async function watch(page, origin) {
  const complaints = [];
  page.on('console', (message) => {
    const text = message.text();
    if (/content security policy|refused to (load|apply|execute|connect|run|frame)/i.test(text)) {
      complaints.push(`content policy: ${text}`);
    }
  });
  // No page of ours asks by a dialog: whoever opens one got a script in.
  page.on('dialog', (dialog) => {
    complaints.push(`a dialog: ${dialog.message()}`);
    return dialog.dismiss();
  });
  page.on('pageerror', (error) => complaints.push(`script error: ${error.message}`));
  page.on('request', (request) => {
    const url = request.url();
    if (/^https?:/.test(url) && new URL(url).origin !== origin) {
      complaints.push(`request to a third party: ${url}`);
    }
  });
  page.on('response', (response) => {
    if (response.status() >= 400 && response.request().resourceType() !== 'document') {
      complaints.push(`answer ${response.status()}: ${response.url()}`);
    }
  });
  return complaints;
}

export async function axe(page) {
  const { violations } = await new AxeBuilder({ page })
    .withTags(TAGS)
    .options({ rules: { 'target-size': { enabled: true } } })
    .analyze();
  return violations.flatMap(({ id, help, nodes }) =>
    nodes.slice(0, 5).map((node) => `axe ${id} (${help}): ${node.target.join(' ')} ${node.failureSummary?.split('\n')[1] ?? ''}`));
}

/** Nobody has to scroll sideways to read (WCAG 1.4.10). */
export async function sideways(page, when) {
  return page.evaluate((when) => {
    const root = document.documentElement;
    const over = root.scrollWidth - window.innerWidth;
    if (over <= 0) {
      return [];
    }
    const culprits = [...document.querySelectorAll('body *')]
      .filter((element) => element.getBoundingClientRect().right > window.innerWidth + 1)
      .slice(-3)
      .map((element) => `${element.tagName.toLowerCase()}.${[...element.classList].join('.')}`);
    return [`${when}: ${over} px wider than the window, for example ${culprits.join(', ')}`];
  }, when);
}

/** Text size 200 % by the site's own switch (WCAG 1.4.4). */
export async function bigText(page) {
  await page.evaluate(() => { document.documentElement.dataset.textSize = '200'; });
  const complaints = [...await sideways(page, '200 % text'), ...await clipped(page, '200 % text')];
  await page.evaluate(() => { document.documentElement.dataset.textSize = '100'; });
  return complaints;
}

/** The spacing of WCAG 1.4.12. A constructed style sheet, because the content policy forbids inline ones. */
export async function textSpacing(page) {
  await page.evaluate(() => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync('* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important } p { margin-bottom: 2em !important }');
    document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
  });
  const complaints = [...await sideways(page, 'text spacing'), ...await clipped(page, 'text spacing')];
  await page.evaluate(() => { document.adoptedStyleSheets = document.adoptedStyleSheets.slice(0, -1); });
  return complaints;
}

/** Text that is cut off by a box that does not grow. Ellipses that are meant, and boxes for screen readers, are no fault. */
async function clipped(page, when) {
  return page.evaluate((when) => {
    const complaints = [];
    for (const element of document.querySelectorAll('body *')) {
      const own = [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
      const style = getComputedStyle(element);
      const hides = /hidden|clip/.test(style.overflowX + style.overflowY);
      if (!own || !hides || style.textOverflow === 'ellipsis' || element.clientWidth <= 2 || element.clientHeight <= 2) {
        continue;
      }
      if (element.scrollWidth > element.clientWidth + 2 || element.scrollHeight > element.clientHeight + 2) {
        complaints.push(`${when}: text is cut off in ${element.tagName.toLowerCase()}.${[...element.classList].join('.')}`);
      }
    }
    return complaints.slice(0, 5);
  }, when);
}

/** Walks by Tab: every stop can be seen (WCAG 2.4.11) and shows that it has the focus (2.4.7). */
export async function focus(page, steps = 40) {
  await page.evaluate(() => { document.activeElement?.blur(); window.scrollTo(0, 0); });
  const complaints = new Set();
  for (let step = 0; step < steps; step += 1) {
    await page.keyboard.press('Tab');
    const complaint = await page.evaluate(() => {
      const element = document.activeElement;
      if (!element || element === document.body || element === document.documentElement) {
        return null;
      }
      const name = `${element.tagName.toLowerCase()}.${[...element.classList].join('.')} "${(element.textContent || element.getAttribute('aria-label') || element.name || '').trim().slice(0, 30)}"`;
      const box = element.getBoundingClientRect();
      // The part of it that is in the window: a long list is taller than any.
      const [left, top] = [Math.max(box.left, 0), Math.max(box.top, 0)];
      const [width, height] = [Math.min(box.right, innerWidth) - left, Math.min(box.bottom, innerHeight) - top];
      const points = [[.5, .5], [.1, .5], [.9, .5], [.5, .1], [.5, .9]]
        .filter(() => width > 0 && height > 0)
        .map(([x, y]) => [left + width * x, top + height * y]);
      // Hidden radio buttons and file fields show their focus on their label or card.
      const shown = element.closest('label') ?? document.querySelector(`label[for="${CSS.escape(element.id || '-')}"]`) ?? element;
      const seen = points.some(([x, y]) => {
        const top = document.elementFromPoint(x, y);
        return top && (element.contains(top) || top.contains(element) || shown.contains(top));
      });
      if (!seen) {
        return `focus is hidden: ${name}`;
      }
      const marked = [element, shown, element.parentElement].some((candidate) => {
        const style = getComputedStyle(candidate);
        return (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== 'none';
      });
      return marked ? null : `focus cannot be seen: ${name}`;
    });
    if (complaint) {
      complaints.add(complaint);
    }
  }
  return [...complaints];
}

const htmlValidate = new HtmlValidate({
  extends: ['html-validate:standard', 'html-validate:document', 'html-validate:a11y'],
  rules: {
    // Ours are templates: blank space at line ends costs nothing and is compressed away.
    'no-trailing-whitespace': 'off',
    'void-style': 'off',
    'attr-quotes': 'off',
    'no-inline-style': 'error',
    // Long titles carry the town's name; screen readers say the first words first.
    'long-title': 'off',
    // Integrity attributes guard against other people's servers; every file here comes from our own, by its content hash.
    'require-sri': 'off',
  },
});

/** Validity of the HTML as it was sent. */
export async function html(text) {
  const report = await htmlValidate.validateString(text);
  return report.results.flatMap(({ messages }) =>
    messages.filter(({ severity }) => severity === 2).slice(0, 10)
      .map(({ line, ruleId, message }) => `HTML line ${line} ${ruleId}: ${message}`));
}

/** One h1, a main landmark, a language, a title. */
export async function skeleton(page) {
  return page.evaluate(() => {
    const complaints = [];
    const count = document.querySelectorAll('h1').length;
    if (count !== 1) {
      complaints.push(`${count} h1 instead of one`);
    }
    if (!document.querySelector('main')) {
      complaints.push('no main landmark');
    }
    if (!document.documentElement.lang) {
      complaints.push('no language');
    }
    if (!document.title.trim()) {
      complaints.push('no title');
    }
    return complaints;
  });
}
