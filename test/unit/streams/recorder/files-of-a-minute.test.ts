import fc from 'fast-check';
import t from 'tap';
import type { Epoch } from '../../../../src/streams/fmp4/live-window.ts';
import { type Cut, Cutter } from '../../../../src/streams/recorder/camera/cutter.ts';

const CAMERA = { device: 'cam-1', quality: 'main' } as const;
const LIMITS = { segmentMs: 60_000, longestMs: 90_000, bytesMax: 1_000_000, holeMs: 500 };

function epoch(token: string): Epoch {
  return { token, init: { data: Buffer.from(`init ${token}`), movie: {} as never }, leaseEpoch: 7 };
}

function fragment(startsAtMs: number, { key = true, durationMs = 500, bytes = 10 } = {}) {
  return { data: Buffer.alloc(bytes, 1), decodeTimeMs: 0, durationMs, key, startsAtMs };
}

const kinds = (cuts: Cut[]): string[] => cuts.map(({ type }) => type);

t.test('nothing is written before the first key frame, and a file ends with its run', async (t) => {
  const cutter = new Cutter(CAMERA, LIMITS);
  t.strictSame(cutter.fragment(fragment(0)), [], 'nothing without an initialisation segment');
  t.strictSame(cutter.epoch(epoch('a')), []);
  t.strictSame(cutter.fragment(fragment(0, { key: false })), []);
  t.strictSame(kinds(cutter.fragment(fragment(500))), ['open', 'write']);
  t.strictSame(kinds(cutter.fragment(fragment(1_000, { key: false }))), ['write']);
  t.strictSame(kinds(cutter.epoch(epoch('b'))), ['close']);
  t.match(cutter.fragment(fragment(1_500)), [
    { type: 'open', head: { continuity: 'b', previousEndsAtMs: null, leaseEpoch: 7, startsAtMs: 1_500 } },
    { type: 'write' },
  ]);
});

t.test('a hole, too many bytes and too long a time end a file', async (t) => {
  const cutter = new Cutter(CAMERA, LIMITS);
  cutter.epoch(epoch('a'));
  cutter.fragment(fragment(0));
  t.match(cutter.fragment(fragment(1_100)), [{ type: 'close' }, { head: { previousEndsAtMs: null } }, {}], 'a hole');
  t.match(
    cutter.fragment(fragment(1_600, { bytes: LIMITS.bytesMax })),
    [{ type: 'close' }, { head: { previousEndsAtMs: 1_600 } }, {}],
    'bytes',
  );
  const long = new Cutter(CAMERA, LIMITS);
  long.epoch(epoch('a'));
  let files = 0;
  for (let atMs = 0; atMs < 400_000; atMs += 500) {
    const key = atMs === 0 || atMs >= 200_000;
    files += kinds(long.fragment(fragment(atMs, { key }))).filter((kind) => kind === 'open').length;
  }
  t.ok(files >= 4, `${files} files`);
});

t.test('cameras do not close their files in the same moment', async (t) => {
  const moments = new Set<number>();
  for (let number = 0; number < 50; number += 1) {
    const cutter = new Cutter({ device: `cam-${number}`, quality: 'main' }, LIMITS);
    cutter.epoch(epoch('a'));
    for (let atMs = 0; atMs < 120_000; atMs += 500) {
      const cuts = cutter.fragment(fragment(atMs));
      if (cuts[0]?.type === 'close') moments.add(atMs % 60_000);
    }
  }
  t.ok(moments.size > 25, `${moments.size} moments`);
});

t.test('whatever comes, files are opened and closed in turn, and hold all from a key frame on', async () => {
  const step = fc.record({
    what: fc.constantFrom('epoch', 'fragment', 'fragment', 'fragment', 'fragment', 'end', 'abandon'),
    key: fc.boolean(),
    pauseMs: fc.constantFrom(0, 0, 0, 10, 700, 30_000),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
      const cutter = new Cutter(CAMERA, LIMITS);
      let isOpen = false;
      let atMs = 0;
      let token = 0;
      for (const { what, key, pauseMs } of steps) {
        let cuts: Cut[] = [];
        atMs += pauseMs;
        if (what === 'epoch') cuts = cutter.epoch(epoch(String(token++)));
        else if (what === 'end') cuts = cutter.end();
        else if (what === 'abandon') {
          cutter.abandon();
          isOpen = false;
        } else {
          const wasOpen = isOpen;
          cuts = cutter.fragment(fragment(atMs, { key }));
          const isWritten = cuts.some(({ type }) => type === 'write');
          if (token > 0 && key && !isWritten) return false;
          if (wasOpen && pauseMs === 0 && !isWritten) return false;
          atMs += 500;
        }
        for (const { type } of cuts) {
          if (type === 'open') {
            if (isOpen) return false;
            isOpen = true;
          } else if (type === 'close') {
            if (!isOpen) return false;
            isOpen = false;
          } else if (!isOpen) return false;
        }
      }
      return true;
    }),
  );
});
