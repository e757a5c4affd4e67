import t from 'tap';
import { HOUR_MS, MINUTE_MS } from '../../../../src/core/clock.ts';
import { DirtyWindows } from '../../../../src/telemetry/rollups/dirty.ts';

t.test('a window that gets late points all the time is made again once a minute', (t) => {
  let nowMs = 1_767_571_200_000;
  const dirty = new DirtyWindows(() => nowMs);
  let made = 0;
  for (let second = 0; second < 600; second += 1) {
    const atMs = 1_767_571_200_000 - HOUR_MS + 1_000;
    dirty.mark({ kind: 'kiosk', device: 'k-1', atMs, offset: second, receivedAtMs: nowMs });
    made += dirty.take(nowMs).length;
    nowMs += 1_000;
  }
  t.equal(made, (600 * 1_000) / MINUTE_MS);
  t.end();
});

t.test('what could not be made is tried again at once', (t) => {
  const nowMs = 1_767_571_200_000;
  let ageMs = 0;
  const dirty = new DirtyWindows(() => ageMs);
  dirty.mark({ kind: 'kiosk', device: 'k-1', atMs: nowMs - HOUR_MS, offset: 1, receivedAtMs: nowMs });
  ageMs = 5_000;
  const [hour] = dirty.take(nowMs);
  dirty.restore(hour!);
  t.equal(dirty.take(nowMs).length, 1);
  t.end();
});
