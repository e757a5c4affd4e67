import type { Test } from 'tap';
import { decode } from '../streams/players.ts';
import { lasts } from '../time/lasting.ts';
import { until } from '../time/until.ts';
import { ADMIN_TOKEN, type Gateway } from './gateway.ts';

interface Recorded {
  camera: string;
  /** Recorded from then on, Unix ms. */
  beganMs: number;
}

/** A busy machine takes several times what a quiet one does. */
const SOON_MS = 60_000;
/** What a kill may cost of what came (promise P5). */
const LOST_MAX_MS = 2_000;
/** Of two seconds a hole is one. */
const HOLE_MS = 2_500;

interface Stretch {
  from: string;
  to: string;
}

/** What was recorded of a camera, and what is missing. */
async function recordedOf(gateway: Gateway, { camera, beganMs }: Recorded) {
  const [from, to] = [beganMs, beganMs + 3_600_000].map((atMs) => new Date(atMs).toISOString());
  const playback = `/streams/${camera}/playback.m3u8?from=${from}&to=${to}&purpose=routine`;
  return { ...(await gateway.get(`/streams/${camera}/recordings?from=${from}&to=${to}`)), playback };
}

/** Waits until the one camera that is recorded has been for some seconds; resolves with when its last picture came. */
export async function untilRecordedForSeconds(gateway: Gateway): Promise<number> {
  const live = () => gateway.get('/streams').then(({ items }) => items[0]?.lastFragmentAt);
  const firstMs = Date.parse(await until('it is pulled', live, SOON_MS));
  return await until('and recorded for some seconds', async () => {
    const lastMs = Date.parse(await live());
    return lastMs > firstMs + 3_000 ? lastMs : null;
  });
}

/** Kills the gateway, which is away for so long that it is a hole (promise P5). */
export async function killForAHole(gateway: Gateway): Promise<void> {
  await gateway.stop('SIGKILL');
  await lasts(HOLE_MS);
}

/** What was recorded before a kill of the gateway is there up to two seconds before it, and plays (promise P5). */
export async function playsWhatWasRecorded(
  t: Test,
  gateway: Gateway,
  { lastMs, ...recorded }: Recorded & { lastMs: number },
): Promise<void> {
  const last = new Date(lastMs - LOST_MAX_MS).toISOString();
  const isThere = ({ from, to }: Stretch) => from <= last && to > last;
  // Files that were open or had no row at the kill are found one after another: each gets its row when it is read.
  const kept = await until(`at most two seconds of what came are lost (${last})`, async () => {
    const found = await recordedOf(gateway, recorded);
    if (found.stretches.some(isThere)) return found;
    throw new Error(JSON.stringify(found.stretches));
  });
  t.equal(await decode(`${gateway.httpUrl}/api/v1${kept.playback}`, 20, ADMIN_TOKEN), '', 'it plays');
}

/** Ends the recording, and finds each hole of two seconds or more named with its cause. */
export async function holesHaveTheirCause(t: Test, gateway: Gateway, recorded: Recorded): Promise<void> {
  const off = { body: { mode: 'off' } };
  t.equal((await gateway.api('POST', `/devices/${recorded.camera}/recording`, off)).status, 204);
  const { stretches, gaps } = await until('what came after the kill is found', async () => {
    const found = await recordedOf(gateway, recorded);
    return found.stretches.length > 1 ? found : null;
  });
  const holes = stretches.slice(1).map((next: Stretch, n: number) => ({ from: stretches[n].to, to: next.from }));
  // Before the first picture there was a camera to be asked where its video is.
  const later = gaps.filter(({ from }: { from: string }) => from >= stretches[0].from);
  const named = holes.map((hole: object) => ({ ...hole, cause: 'gateway', detail: null, edge: null }));
  t.ok(named.length > 0, 'there is one');
  t.strictSame(later, named, 'and a hole between has its cause');
}
