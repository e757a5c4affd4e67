import { PassThrough } from 'node:stream';
import t from 'tap';
import { steadily } from '../../../src/api/guards/slow-files.ts';
import { ManualClock } from '../../support/time/clock.ts';

/** 2 Mbit/s. */
const BYTES_A_SECOND = 250_000;
const SECOND_MS = 1_000;

/** What arrived until it ended, and by which error. */
function arriving(clock: ManualClock) {
  const body = new PassThrough();
  const result = { bytes: 0, code: '', isOver: false };
  const taking = (async () => {
    try {
      for await (const piece of steadily(body, clock)) result.bytes += piece.length;
    } catch (error) {
      result.code = (error as { code: string }).code;
    }
    result.isOver = true;
  })();
  return { body, result, taking };
}

t.test('30 MB at 2 Mbit/s arrive, however long that takes', async (t) => {
  const clock = new ManualClock();
  const { body, result, taking } = arriving(clock);
  const piece = Buffer.alloc(BYTES_A_SECOND / 10);
  for (let sent = 0; sent < 30_000_000; sent += piece.length) {
    body.write(piece);
    await clock.advance(SECOND_MS / 10);
  }
  body.end();
  await taking;
  t.same(result, { bytes: 30_000_000, code: '', isOver: true });
});

t.test('whoever stalls, or drips, is ended, and the connection is left for the answer', async (t) => {
  const clock = new ManualClock();
  const stalls = arriving(clock);
  stalls.body.write(Buffer.alloc(1_000_000));
  const drips = arriving(clock);
  for (let second = 0; second < 12; second += 1) {
    drips.body.write('x');
    await clock.advance(SECOND_MS);
  }
  await Promise.all([stalls.taking, drips.taking]);
  for (const { result, body } of [stalls, drips]) {
    t.equal(result.code, 'request.too-slow');
    t.equal(body.destroyed, false);
  }
});

t.test('whoever takes the bytes may be slow: that is not the fault of who sends them', async (t) => {
  const clock = new ManualClock();
  const body = new PassThrough();
  let bytes = 0;
  const taking = (async () => {
    for await (const piece of steadily(body, clock)) {
      bytes += piece.length;
      await clock.sleep(60 * SECOND_MS);
    }
  })();
  for (const text of ['a', 'b']) {
    body.write(text);
    await clock.advance(60 * SECOND_MS);
  }
  body.end();
  await clock.advance(60 * SECOND_MS);
  await taking;
  t.equal(bytes, 2);
});
