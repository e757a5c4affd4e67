import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { chromium } from 'playwright-core';
import { judge } from '../judges.ts';

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--autoplay-policy=document-user-activation-required',
];

/** A Chromium for whoever knows where it is reached; everybody who comes has windows of its own. */
export interface ServedChromium {
  address: string;
  stop(): Promise<void>;
}

/** Starts Debian's Chromium with the letters of the tests. */
export async function serveChromium(): Promise<ServedChromium> {
  const [chosen, fonts] = await Promise.all([judge('chromium'), judge('fonts')]);
  const home = await mkdtemp(join(tmpdir(), 'cw-browser-'));
  const letters = join(home, 'fonts.conf');
  const places = [dirname(fonts.command), '/usr/share/fonts'].map((place) => `<dir>${place}</dir>`).join('');
  const names = ['DejaVu Sans', 'WenQuanYi Micro Hei'].map((name) => `<string>${name}</string>`).join('');
  const last = `<edit name="family" mode="append_last" binding="strong">${names}</edit>`;
  const settings = `${places}<match target="pattern">${last}</match><cachedir>${home}/letters</cachedir>`;
  await writeFile(letters, `<?xml version="1.0"?><fontconfig>${settings}</fontconfig>`);
  const server = await chromium.launchServer({
    executablePath: chosen.command,
    args: FLAGS,
    env: { ...chosen.env, HOME: home, FONTCONFIG_FILE: letters },
    host: '127.0.0.1',
  });
  const stop = async (): Promise<void> => {
    await server.close();
    await rm(home, { recursive: true, force: true });
  };
  return { address: server.wsEndpoint(), stop };
}
