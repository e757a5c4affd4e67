import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { HOUR_MS, systemClock } from '../../../../src/core/clock.ts';
import { blobKey, type PhotoTables } from '../../../../src/devices/photos/photo.ts';
import { cleanPhoto } from '../../../../src/images/photo-file.ts';
import { openOrders, orderFor } from '../../../support/devices/orders.ts';
import { photosIn } from '../../../support/devices/photos/open-photos.ts';
import type { PhotoAsked } from '../../../support/devices/photos/photo-child.ts';
import { callerIn, kiosk } from '../../../support/devices/registry.ts';
import { phonePhoto } from '../../../support/ingest/photos.ts';
import { temporaryDirectory } from '../../../support/services/services.ts';
import { freshDatabase } from '../../../support/services/shared-database.ts';

const CHILD = join(import.meta.dirname, '../../../support/devices/photos/photo-child.ts');
const LI = { ...callerIn('330212', 'technician'), id: 'li', name: 'Li' };
const WHY = { purpose: 'maintenance', case: null };
/** Fewer than what an order may have, and more than there are steps. */
const STEPS_MAX = 50;

const { url } = await freshDatabase(t);
const parts = await openOrders(t, url);
const { database } = parts;
const directory = await temporaryDirectory(t);
await parts.registry.create(LI, kiosk({ id: 'k-1' }));
const { order } = await parts.orders.open(LI, orderFor('k-1'));

/** The photos as the next start has them, so much later. */
function started(laterMs = 0) {
  const clock = { ...systemClock, nowMs: () => systemClock.nowMs() + laterMs };
  return photosIn({ database, clock, directory, needsIncident: () => false }).photos;
}

/** Keeps a photo in a process that is killed at this step; what was said before it ended. */
async function keepAndKill(t: Test, step: number, { id, sent }: { id: string; sent: Buffer }) {
  const asked: PhotoAsked = { caller: LI, order: order.number, id, sent: sent.toString('base64') };
  const child = spawn(process.execPath, [CHILD, url, directory, String(step), JSON.stringify(asked)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.teardown(() => child.kill('SIGKILL'));
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const [status, signal] = (await once(child, 'close')) as [number | null, string | null];
  t.ok(signal === 'SIGKILL' || status === 0, `ends as it should at step ${step}`);
  return { isKilled: signal === 'SIGKILL', isKept: said === 'kept\n' };
}

async function bytesOf(id: string): Promise<Buffer | null> {
  const photos = started();
  const found = await photos.find(LI, id).catch((error: { code?: string }) => {
    if (error.code !== 'not-found') throw error;
    return null;
  });
  return found && (await photos.look(LI, found, WHY));
}

async function files(): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const found = entries.filter((entry) => entry.isFile());
  return found.map(({ parentPath, name }) => join(parentPath, name).slice(directory.length + 1)).sort();
}

t.test('a photo that was acknowledged is whole after a kill at any step, and nothing is left over', async (t) => {
  let step = 1;
  let without = 0;
  let acknowledged = 0;
  for (let isKilled = true; isKilled && step < STEPS_MAX; step += 1) {
    const id = randomUUID();
    const sent = phonePhoto({}, String(step));
    const { bytes } = cleanPhoto(sent) as Exclude<ReturnType<typeof cleanPhoto>, string>;
    const life = await keepAndKill(t, step, { id, sent });
    isKilled = life.isKilled;
    const there = await bytesOf(id);
    if (life.isKept) {
      acknowledged += 1;
      t.ok(there, `acknowledged before the kill at step ${step}`);
    }
    if (there) t.ok(there.equals(bytes), `whole after the kill at step ${step}`);
    else without += 1;
    // Every second telephone tries again, and the others never do.
    if (step % 2 === 0) {
      await started().keep(LI, { order: order.number }, { id, what: 'before', sent });
      t.ok((await bytesOf(id))?.equals(bytes), `whole when it was sent again after step ${step}`);
    }
  }
  t.ok(step > 15 && step < STEPS_MAX, `${step} steps`);
  t.ok(without > 10 && acknowledged > 1, `${without} kills before it was kept, ${acknowledged} after`);
  const rows = await database.tables<PhotoTables>().selectFrom('site_photo').selectAll().execute();
  const named = rows.map(blobKey).sort();
  t.ok((await files()).length > named.length, 'kills left files that no row names');
  await started(2 * HOUR_MS).tidy(systemClock.nowMs() + 2 * HOUR_MS);
  t.strictSame(await files(), named);
});
