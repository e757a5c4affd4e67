import t from 'tap';
import { writeFragment } from '../../../../src/streams/fmp4/fragment-writer.ts';
import { type Epoch, LiveWindow } from '../../../../src/streams/fmp4/live-window.ts';
import type { Fragment } from '../../../../src/streams/fmp4/wall-clock.ts';

const FRAGMENT_MS = 500;
/** From asking to having, as over a slow link. */
const FETCH_MS = 250;
const STEP_MS = 10;
const WATCHED_MS = 30_000;

const MOVIE = { trackId: 1, timescale: 1000, codec: 'avc1.4d401f', width: 1, height: 1 };
const EPOCH: Epoch = {
  token: '0123456789',
  init: { data: Buffer.alloc(0), movie: { ...MOVIE, sampleDuration: 0, sampleFlags: 0, sound: null } },
  leaseEpoch: 1,
};

/** A fragment of one picture, `atMs` after the stream began at 30 s. */
function fragmentAt(atMs: number, key: boolean, bytes = 100): Fragment {
  const sample = { data: [Buffer.alloc(bytes)], duration: FRAGMENT_MS, key };
  const track = { trackId: 1, decodeTime: 30_000 + atMs, samples: [sample] };
  const data = writeFragment({ sequence: 1, tracks: [track] });
  return { data, decodeTimeMs: 30_000 + atMs, startsAtMs: atMs, durationMs: FRAGMENT_MS, key };
}

/**
 * A player as hls.js is one: it reads the playlist again as long after a changed one as its last segment lasts, half a
 * target duration after an unchanged one, fetches what is new, and plays from the first picture it was told of. Answers
 * how long it was held and how often it had nothing to play.
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
      window.add(fragmentAt(fed * FRAGMENT_MS, key));
    }
    if (begunAtMs === null) {
      if (!window.startable) continue;
      window.promise();
      begunAtMs = atMs;
      readAtMs = atMs + phaseMs;
    }
    if (atMs >= readAtMs) {
      const fresh = window.announced().filter(({ sequence }) => sequence >= seen);
      for (const { sequence, durationMs } of fresh) {
        arriving.push({ atMs: atMs + FETCH_MS, ms: durationMs });
        seen = sequence + 1;
      }
      const lastMs = Math.min(window.targetS * 1000, window.announced().at(-1)!.durationMs);
      readAtMs = atMs + (fresh.length > 0 ? lastMs : window.targetS * 500);
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

t.test('a player that begins with the first fragment has pictures for the next 30 s', async (t) => {
  for (const gopMs of [500, 1_000, 2_000, 2_500, 4_000, 6_000, 10_000]) {
    for (const phaseMs of [0, 100, 400]) {
      const { heldMs, stalls } = watch({ gopMs, phaseMs });
      t.equal(stalls, 0, `key frames every ${gopMs} ms, ${phaseMs} ms later`);
      t.equal(heldMs, FRAGMENT_MS, 'and nobody is held for more');
    }
  }
});

t.test('nor is anybody held where the first segments do not fit into memory', async (t) => {
  const huge = new LiveWindow({ segmentMs: 1_900, windowMs: 10_000, bytesMax: 1_000 });
  huge.begin(EPOCH);
  let begins = 0;
  for (let n = 0; n < 40; n += 1) {
    huge.add(fragmentAt(n * FRAGMENT_MS, n === 0, 300));
    if (huge.startable) begins += 1;
    else t.not(n, 0);
    t.ok(huge.sizeBytes <= 1_800);
  }
  t.ok(begins >= 10);
});
