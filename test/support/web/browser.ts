import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import root from 'tap';
import { judge } from '../judges.ts';

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
}

const FLAGS = [
  '--headless=new',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--autoplay-policy=document-user-activation-required',
];

/** The browser of a file, started for the first of its tests. */
let started: Promise<Browser> | null = null;

/**
 * A window of Chromium with nothing kept from another one, and letters for Chinese; gone after the test. The tests of a
 * file share the browser around it, which costs seconds to start.
 */
export async function openBrowser(
  t: { teardown(run: () => unknown): void },
  { locale = 'en-GB', width = 1280, height = 800 }: ViewOptions = {},
): Promise<View> {
  started ??= startChromium();
  const context = await (await started).newContext({ locale, viewport: { width, height } });
  t.teardown(() => context.close());
  const page = await context.newPage();
  return { page, context, offences: watch(page) };
}

async function startChromium(): Promise<Browser> {
  const [chosen, fonts] = await Promise.all([judge('chromium'), judge('fonts')]);
  const home = await mkdtemp(join(tmpdir(), 'cw-browser-'));
  const letters = join(home, 'fonts.conf');
  const places = [dirname(fonts.command), '/usr/share/fonts'].map((place) => `<dir>${place}</dir>`).join('');
  const names = ['DejaVu Sans', 'WenQuanYi Micro Hei'].map((name) => `<string>${name}</string>`).join('');
  const last = `<edit name="family" mode="append_last" binding="strong">${names}</edit>`;
  const settings = `${places}<match target="pattern">${last}</match><cachedir>${home}/letters</cachedir>`;
  await writeFile(letters, `<?xml version="1.0"?><fontconfig>${settings}</fontconfig>`);
  const browser = await chromium.launch({
    executablePath: chosen.command,
    args: FLAGS,
    env: { ...chosen.env, HOME: home, FONTCONFIG_FILE: letters },
  });
  root.teardown(async () => {
    await browser.close();
    await rm(home, { recursive: true, force: true });
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

/** Signs in at the console that is served at `url`. */
export async function signIn({ page }: View, url: string, user = 'li.na'): Promise<void> {
  await page.goto(url);
  await page.locator('input[name=username]').fill(user);
  await page.locator('input[name=password]').fill('correct horse');
  await page.locator('button[type=submit]').click();
  await page.locator('.screen').waitFor();
}
