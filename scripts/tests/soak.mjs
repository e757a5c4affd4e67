import '../node-version.mjs';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Runs the soak of `npm run test:long` for as many minutes as the argument says, and shows its samples while it goes on:
 * heap of the gateway, its memory and that of all its processes (PSS).
 */
const SOAK = 'test/long/streams/cameras-come-and-go.test.ts';
const MINUTES = 15;
const SHOWN_MS = 2_000;

const minutes = Number(process.argv[2] ?? MINUTES);
if (!(minutes > 0)) throw new Error('npm run soak -- MINUTES');
const directory = mkdtempSync(join(tmpdir(), 'cw-soak-'));
const report = join(directory, 'samples');
writeFileSync(report, '');
let shown = 0;
const show = () => {
  const text = readFileSync(report, 'utf8');
  process.stdout.write(text.slice(shown));
  shown = text.length;
};
setInterval(show, SHOWN_MS).unref();
process.once('exit', () => {
  show();
  rmSync(directory, { recursive: true, force: true });
});
process.env.SOAK_MINUTES = String(minutes);
process.env.SOAK_REPORT = report;
process.argv.splice(2, process.argv.length, '--long', SOAK);
await import('../test.mjs');
