import t from 'tap';
import { type Epoch, LiveWindow } from '../../../../src/streams/fmp4/live-window.ts';

const FRAGMENT_MS = 500;
/** From asking to having, as over a slow link. */
const FETCH_MS = 250;
const STEP_MS = 10;
const WATCHED_MS = 30_000;

const MOVIE = { trackId: 1, timescale: 1000, codec: 'avc1.4d401f', width: 1, height: 1 };
const EPOCH: Epoch = {
  token: '0123456789',
  init: { data: Buffer.alloc(0), movie: { ...MOVIE, sampleDuration: 0, sampleFlags: 0 } },
  leaseEpoch: 1,
};

/**
 * A player as hls.js is one: it reads the playlist again a target duration after a changed one, half of that after an
 * unchanged one, fetches what is new, and plays from the first picture it was told of. Answers how long it was held
 * and how often it had nothing to play.
 */
function watch({ gopMs, phaseMs }: { gopMs: number; phaseMs: number }): { heldMs: number; stalls: number } {
  const window = new LiveWindow();
  window.begin(EPOCH);
  let fed = 0;
  let begunAtMs: number | null = null;
  let readAtMs = 0;
  let seen = 0;
  let stalls = 0;
  let dry = false;
  let playedMs = 0;
  const arriving: { atMs: number; ms: number }[] = [];
  let bufferedMs = 0;
  for (let atMs = 0; begunAtMs === null || atMs < begunAtMs + WATCHED_MS; atMs += STEP_MS) {
    if (atMs > 60_000) throw new Error('never began');
    for (; (fed + 1) * FRAGMENT_MS <= atMs; fed += 1) {
      const key = (fed * FRAGMENT_MS) % gopMs === 0;
      const startsAtMs = fed * FRAGMENT_MS;
      const times = { decodeTimeMs: startsAtMs, startsAtMs, durationMs: FRAGMENT_MS };
      window.add({ data: Buffer.alloc(100), ...times, key });
    }
    if (begunAtMs === null) {
      if (!window.startable) continue;
      begunAtMs = atMs;
      readAtMs = atMs + phaseMs;
    }
    if (atMs >= readAtMs) {
      const fresh = window.announced().filter(({ sequence }) => sequence >= seen);
      for (const { sequence, durationMs } of fresh) {
        arriving.push({ atMs: atMs + FETCH_MS, ms: durationMs });
        seen = sequence + 1;
      }
      readAtMs = atMs + (window.targetS * 1000) / (fresh.length > 0 ? 1 : 2);
    }
    for (; (arriving[0]?.atMs ?? Number.POSITIVE_INFINITY) <= atMs; ) bufferedMs += arriving.shift()!.ms;
    if (bufferedMs === 0) continue;
    if (playedMs < bufferedMs) {
      playedMs += STEP_MS;
      dry = false;
    } else if (!dry) {
      dry = true;
      stalls += 1;
    }
  }
  return { heldMs: begunAtMs, stalls };
}

t.test('a player that begins with the first playlist has pictures for the next 30 s', async (t) => {
  for (const gopMs of [500, 1_000, 2_000, 2_500, 4_000, 6_000]) {
    for (const phaseMs of [0, 100, 400]) {
      const { heldMs, stalls } = watch({ gopMs, phaseMs });
      t.equal(stalls, 0, `key frames every ${gopMs} ms, ${phaseMs} ms later`);
      t.ok(heldMs <= 13_000, `and it was held ${heldMs} ms`);
    }
  }
});

t.test('nobody is held for a second segment of a camera with rare key frames', async (t) => {
  t.ok(watch({ gopMs: 10_000, phaseMs: 0 }).heldMs <= 11_000);
  const huge = new LiveWindow({ segmentMs: 1_900, windowMs: 10_000, bytesMax: 1_000 });
  huge.begin(EPOCH);
  let begins = 0;
  for (let n = 0; n < 40; n += 1) {
    const times = { decodeTimeMs: 0, startsAtMs: 0, durationMs: FRAGMENT_MS };
    huge.add({ data: Buffer.alloc(300), ...times, key: n === 0 });
    if (huge.startable) begins += 1;
  }
  t.ok(begins > 0, 'nor for one that does not fit into memory');
});
