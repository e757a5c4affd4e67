import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Test } from 'tap';
import { HOUR_MS, systemClock } from '../../../../src/core/clock.ts';
import { blobKey, type PhotoTables } from '../../../../src/devices/photos/photo.ts';
import { cleanPhoto } from '../../../../src/images/photo-file.ts';
import { phonePhoto } from '../../ingest/photos.ts';
import { temporaryDirectory } from '../../services/services.ts';
import { freshDatabase } from '../../services/shared-database.ts';
import { openOrders, orderFor } from '../orders.ts';
import { photosIn } from '../photos/open-photos.ts';
import type { PhotoAsked } from '../photos/photo-child.ts';
import { callerIn, kiosk } from '../registry.ts';

const CHILD = join(import.meta.dirname, '../photos/photo-child.ts');
const LI = { ...callerIn('330212', 'technician'), id: 'li', name: 'Li' };
const WHY = { purpose: 'maintenance', case: null };
/** Fewer than what an order may have, and more than there are steps. */
const STEPS_MAX = 50;

/** Photos of one order in a database and a directory of their own, and the photos as the next start has them. */
async function open(t: Test) {
  const { url } = await freshDatabase(t);
  const { database, registry, orders } = await openOrders(t, url);
  const directory = await temporaryDirectory(t);
  await registry.create(LI, kiosk({ id: 'k-1' }));
  const { order } = await orders.open(LI, orderFor('k-1'));
  const started = (laterMs = 0) => {
    const clock = { ...systemClock, nowMs: () => systemClock.nowMs() + laterMs };
    return photosIn({ database, clock, directory, needsIncident: () => false }).photos;
  };
  return { url, database, directory, order: order.number, started };
}

type Bed = Awaited<ReturnType<typeof open>>;

/** Keeps a photo in a process that is killed at this step; what was said before it ended. */
async function keepAndKill(t: Test, bed: Bed, step: number, { id, sent }: { id: string; sent: Buffer }) {
  const { url, directory, order } = bed;
  const asked: PhotoAsked = { caller: LI, order, id, sent: sent.toString('base64') };
  const child = spawn(
    process.execPath,
    [...process.execArgv, CHILD, url, directory, String(step), JSON.stringify(asked)],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  t.teardown(() => child.kill('SIGKILL'));
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const [status, signal] = (await once(child, 'close')) as [number | null, string | null];
  t.ok(signal === 'SIGKILL' || status === 0, `ends as it should at step ${step}`);
  return { isKilled: signal === 'SIGKILL', isKept: said === 'kept\n' };
}

async function bytesOf({ started }: Bed, id: string): Promise<Buffer | null> {
  const photos = started();
  const found = await photos.find(LI, id).catch((error: { code?: string }) => {
    if (error.code !== 'not-found') throw error;
    return null;
  });
  return found && (await photos.look(LI, found, WHY));
}

async function files({ directory }: Bed): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const found = entries.filter((entry) => entry.isFile());
  return found.map(({ parentPath, name }) => join(parentPath, name).slice(directory.length + 1)).sort();
}

/**
 * Keeps photos in processes that are killed, one at each `every`th step from step `first` on, until one comes through.
 * What was acknowledged is whole, and what no row names is removed. Resolves with how many steps a photo has.
 */
export async function keepOverKills(t: Test, { first, every }: { first: number; every: number }): Promise<number> {
  const bed = await open(t);
  const { database, order, started } = bed;
  let without = 0;
  let step = first;
  for (let isKilled = true; isKilled && step < STEPS_MAX; step += every) {
    const id = randomUUID();
    const sent = phonePhoto({}, String(step));
    const { bytes } = cleanPhoto(sent) as Exclude<ReturnType<typeof cleanPhoto>, string>;
    const life = await keepAndKill(t, bed, step, { id, sent });
    isKilled = life.isKilled;
    const there = await bytesOf(bed, id);
    if (life.isKept) t.ok(there, `acknowledged before the kill at step ${step}`);
    if (there) t.ok(there.equals(bytes), `whole after the kill at step ${step}`);
    else without += 1;
    // Every second telephone tries again, and the others never do.
    if (((step - first) / every) % 2 === 1) {
      await started().keep(LI, { order }, { id, what: 'before', sent });
      t.ok((await bytesOf(bed, id))?.equals(bytes), `whole when it was sent again after step ${step}`);
    }
  }
  t.ok(step < STEPS_MAX, 'one came through in the end');
  t.ok(without > 10 / every, `${without} kills before it was kept`);
  const rows = await database.tables<PhotoTables>().selectFrom('site_photo').selectAll().execute();
  const named = rows.map(blobKey).sort();
  if (every === 1) t.ok((await files(bed)).length > named.length, 'kills left files that no row names');
  await started(2 * HOUR_MS).tidy(systemClock.nowMs() + 2 * HOUR_MS);
  t.strictSame(await files(bed), named);
  return step - every;
}
