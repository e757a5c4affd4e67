import fc from 'fast-check';
import t from 'tap';
import { type Epoch, LiveWindow } from '../../../../src/streams/fmp4/live-window.ts';
import { PartRule } from '../../../../src/streams/fmp4/part-rule.ts';
import type { Fragment } from '../../../../src/streams/fmp4/wall-clock.ts';
import { mediaPlaylist } from '../../../../src/streams/live/hls.ts';
import { isAwaited, isThere, partBytes } from '../../../../src/streams/live/hls-parts.ts';
import { broken, MEDIA_RULES, PART_RULES, readTags } from '../../../support/streams/hls/authoring-rules.ts';

const TOKEN = 'ab'.repeat(6);

function epoch(token = TOKEN): Epoch {
  const movie = { trackId: 1, timescale: 1_000, codec: 'avc1.4d401f', width: 768, height: 576 };
  const init = { data: Buffer.from('init'), movie: { ...movie, sampleDuration: 0, sampleFlags: 0, sound: null } };
  return { token, init, leaseEpoch: 1 };
}

let atMs = 1_700_000_000_000;

function fragment(durationMs: number, key: boolean): Fragment {
  atMs += durationMs;
  return { data: Buffer.from(`${atMs}`), decodeTimeMs: 0, startsAtMs: atMs - durationMs, durationMs, key };
}

/** Key frames of 25 pictures a second every `gop` pictures, in fragments as the gateway writes them. */
function feed(window: LiveWindow, gops: number, gop = 50): void {
  for (let n = 0; n < gops; n += 1) {
    for (let left = gop; left > 0; left -= 13) window.add(fragment(Math.min(left, 13) * 40, left === gop));
  }
}

function opened(gops: number, gop?: number): LiveWindow {
  const window = new LiveWindow();
  window.begin(epoch());
  feed(window, gops, gop);
  return window;
}

t.test('parts are told of as the rules want it, also while a segment grows and over a new run', async (t) => {
  const window = opened(3);
  for (let n = 0; n < 20; n += 1) {
    if (n === 9) {
      window.begin(epoch('cd'.repeat(6)));
      window.add(fragment(240, true));
    }
    window.add(fragment(520, n % 4 === 0));
    const tags = readTags(mediaPlaylist(window, '', true) ?? '');
    t.strictSame([...broken(MEDIA_RULES, tags), ...broken(PART_RULES, tags)], [], tags.text);
  }
});

t.test('a camera whose fragments are no parts is shown without', async (t) => {
  const odd = opened(4, 30);
  t.notMatch(mediaPlaylist(odd, '', true), /PART/, 'key frames each 1.2 s cut parts too short');
  const kept = opened(4);
  t.match(mediaPlaylist(kept, '', true), /PART-TARGET=0.536\n/);
  kept.add(fragment(900, true));
  t.notMatch(mediaPlaylist(kept, '', true), /PART/, 'what was promised is not kept any more');
  kept.reset();
  kept.begin(epoch());
  feed(kept, 4);
  t.match(mediaPlaylist(kept, '', true), /PART-TARGET=0.536\n/, 'the next players are promised what is learnt anew');
  t.notMatch(mediaPlaylist(opened(4)), /PART/, 'nobody asked');
});

t.test('who waits for a part is answered when it is there, and with the next segment at the latest', async (t) => {
  const window = opened(4);
  const msn = window.nextSequence;
  const parts = window.growing!.fragments.length;
  t.ok(isThere(window, {}));
  t.ok(isThere(window, { msn: msn - 1 }));
  t.ok(isThere(window, { msn, part: parts - 1 }));
  t.notOk(isThere(window, { msn }));
  t.notOk(isThere(window, { msn, part: parts }));
  t.ok(isAwaited(window, { msn: msn + 1, part: 0 }));
  t.notOk(isAwaited(window, { msn: msn + 3 }));
  t.equal(partBytes(window, `${TOKEN}-${msn}-${parts}.m4s`), 'soon');
  t.equal(partBytes(window, `${TOKEN}-${msn + 1}-0.m4s`), 'soon');
  t.equal(partBytes(window, `${TOKEN}-${msn + 1}-1.m4s`), null);
  t.equal(partBytes(window, `${'ff'.repeat(6)}-${msn}-${parts}.m4s`), null, 'of no run of this camera');
  window.add(fragment(520, true));
  t.ok(isThere(window, { msn, part: parts }), 'a segment that ended before that part');
  t.equal(partBytes(window, `${TOKEN}-${msn}-${parts}.m4s`), null);
  t.ok(Buffer.isBuffer(partBytes(window, `${TOKEN}-${msn + 1}-0.m4s`)));
});

t.test('whatever comes, a length that was promised stays, or there are no parts', async () => {
  const lengths = fc.array(fc.integer({ min: 1, max: 12_000 }), { minLength: 6, maxLength: 40 });
  fc.assert(
    fc.property(lengths, (all) => {
      const rule = new PartRule();
      let promised: number | null = null;
      let before: Fragment | undefined;
      for (const length of all) {
        const one = fragment(length, false);
        rule.note(one, before);
        before = one;
        const now = rule.promise();
        if (now !== null && promised !== null && now !== promised) return false;
        promised ??= now;
        if (now !== null && length > now) return false;
      }
      return true;
    }),
  );
});
