import { type Browser, type BrowserContext, chromium, type Locator, type Page } from 'playwright-core';
import root from 'tap';
import { serveChromium } from './chromium.ts';

export interface View {
  page: Page;
  context: BrowserContext;
  /** What must not happen on our page: dialogs, errors of scripts, breaches of the content policy. */
  offences: string[];
}

export interface ViewOptions {
  locale?: string;
  width?: number;
  height?: number;
  /** Takes certificates that nobody vouches for. */
  untrusted?: boolean;
  /** Has the map beside the list of alerts: drawn without a graphics card it takes much processor time. */
  dutyMap?: boolean;
}

/** An empty page keeps nothing. */
const WITHOUT_MAP = "try { localStorage.setItem('citywatch.duty-map', 'no'); } catch {}";

/** A dozen files look at pages side by side, and maps are drawn by the processor: half a minute was too little once. */
const LIMIT_MS = 60_000;

/** The browser as this file reaches it, from the first of its tests on. */
let started: Promise<Browser> | null = null;

/**
 * A window of Chromium with nothing kept from another one, and letters for Chinese; gone after the test. All files
 * share the browser around it, which costs seconds to start.
 */
export async function openBrowser(
  t: { teardown(run: () => unknown): void },
  { locale = 'en-GB', width = 1280, height = 800, untrusted = false, dutyMap = false }: ViewOptions = {},
): Promise<View> {
  started ??= startChromium();
  const viewport = { width, height };
  const context = await (await started).newContext({ locale, viewport, ignoreHTTPSErrors: untrusted });
  context.setDefaultTimeout(LIMIT_MS);
  t.teardown(() => context.close());
  if (!dutyMap) await context.addInitScript(WITHOUT_MAP);
  const page = await context.newPage();
  return { page, context, offences: watch(page) };
}

/** A browser of its own for a file that is run by itself; `npm test` lends one to all. */
async function startChromium(): Promise<Browser> {
  const lent: { browser?: string | null } = JSON.parse(process.env.TEST_SERVICES ?? '{}');
  const own = lent.browser ? null : await serveChromium();
  const browser = await chromium.connect(own?.address ?? lent.browser!);
  root.teardown(async () => {
    await browser.close();
    await own?.stop();
  });
  return browser;
}

function watch(page: Page): string[] {
  const offences: string[] = [];
  page.on('dialog', (dialog) => {
    offences.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('pageerror', (error) => offences.push(`error: ${error.message}`));
  page.on('console', (message) => {
    if (/Content Security Policy|Trusted/i.test(message.text())) offences.push(`policy: ${message.text()}`);
  });
  return offences;
}

/** A network of namespaces that another test makes or ends may cut what Chromium just asks (ERR_NETWORK_CHANGED). */
const SIGN_IN_TRIES = 3;

/** Signs in at the console that is served at `url`; as a person would, once more where the page says that it failed. */
export async function signIn({ page }: View, url: string, user = 'li.na'): Promise<void> {
  const screen = page.locator('.screen');
  const name = page.locator('input[name=username]');
  const trouble = page.locator('.login .trouble:not(:empty)');
  for (let tries = 1; ; tries += 1) {
    await page.goto(url);
    await name.or(screen).first().waitFor();
    if (await screen.isVisible()) break;
    await name.fill(user);
    await page.locator('input[name=password]').fill('correct horse');
    await page.locator('button[type=submit]').click();
    await screen.or(trouble).first().waitFor();
    if (await screen.isVisible()) break;
    if (tries === SIGN_IN_TRIES) throw new Error(`${user} was not signed in: ${await trouble.textContent()}`);
  }
  // Where the button was there may be the list now, and below a pointer its rows wait.
  await page.mouse.move(0, 0);
}

/** Presses a button unless it is gone: a page whose session has ended may have noticed that by itself. */
export async function pressWhereItStands(button: Locator): Promise<void> {
  await button.evaluateAll(([one]) => (one as { click(): void } | undefined)?.click());
}
