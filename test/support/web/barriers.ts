import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

interface Found {
  id: string;
  nodes: { target: string[]; failureSummary: string }[];
}

/** What axe-core finds on a page as it is now, one line each; also what is best practice and no rule of WCAG. */
export async function barriersOf(page: Page): Promise<string[]> {
  if (!(await page.evaluate('typeof axe === "object"'))) await page.evaluate(AXE);
  const { violations } = (await page.evaluate('axe.run(document, { resultTypes: ["violations"] })')) as {
    violations: Found[];
  };
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id} ${target.join(' ')}: ${failureSummary.replaceAll('\n', ' ')}`),
  );
}

const TARGET_PX = 44;

/** What can be pressed and is smaller than a finger, one line each, of all that is seen. */
export async function smallTargets(page: Page): Promise<string[]> {
  return (await page.evaluate(`[...document.querySelectorAll('button, a, select, input, label.pick')]
    .filter((one) => one.checkVisibility() && !one.closest('h3, .skip') && !one.matches('label input'))
    .map((one) => ({ box: one.getBoundingClientRect(), text: one.outerHTML.slice(0, 90) }))
    .filter(({ box }) => box.width > 1 && (box.width < ${TARGET_PX} || box.height < ${TARGET_PX} - 0.5))
    .map(({ box, text }) => Math.round(box.width) + 'x' + Math.round(box.height) + ' ' + text)`)) as string[];
}
