import type { Page } from 'playwright-core';

/** What is wrong with a page as it is drawn now, one line each. */
export async function faultsOf(page: Page): Promise<string[]> {
  return (await page.evaluate(`(${LOOK})()`)) as string[];
}

/**
 * Runs in the page: what is wider than the page, cut off without a way to scroll, lies on another control, or is a key
 * where a text should be.
 */
const LOOK = `() => {
  const faults = [];
  const say = (what, one) => faults.push(what + ': ' + one.outerHTML.replaceAll(/\\s+/g, ' ').slice(0, 110));
  const wide = document.documentElement.scrollWidth - innerWidth;
  if (wide > 0) faults.push(wide + ' px wider than the page');
  const seen = (one) => one.checkVisibility({ opacityProperty: true, visibilityProperty: true });
  const controls = [...document.querySelectorAll('button, a, select, input, textarea')].filter((one) =>
    seen(one) && !one.closest('.unseen, .skip') && one.getBoundingClientRect().width > 1);
  for (const [at, one] of controls.entries()) {
    const a = one.getBoundingClientRect();
    for (const other of controls.slice(at + 1)) {
      if (one.contains(other) || other.contains(one) || one.closest('nav') !== other.closest('nav')) continue;
      const b = other.getBoundingClientRect();
      const [across, down] = [Math.min(a.right, b.right) - Math.max(a.left, b.left),
        Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top)];
      if (across > 2 && down > 2) say('lies on ' + one.textContent.trim().slice(0, 30), other);
    }
  }
  for (const one of document.querySelectorAll('main *, .head *')) {
    const own = [...one.childNodes].filter(({ nodeType }) => nodeType === 3).map(({ data }) => data).join(' ').trim();
    if (own === '' || !seen(one)) continue;
    if (!one.closest('bdi, code') && /\\{\\w+\\}|^[a-z]+(\\.[a-zA-Z]+)+$/.test(own)) say('no text', one);
    const { overflow, textOverflow } = getComputedStyle(one);
    if (one.scrollWidth > one.clientWidth + 1 && one.clientWidth > 0 && overflow !== 'visible' &&
      textOverflow !== 'ellipsis' && !one.matches('.unseen, input, pre, textarea')) say('cut', one);
  }
  return faults;
}`;
