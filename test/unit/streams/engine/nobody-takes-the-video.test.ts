import t from 'tap';
import { bytesOf, Outlet } from '../../../../src/streams/engine/outlet.ts';
import type { InitSegment, Part } from '../../../../src/streams/fmp4/parser.ts';
import { ManualClock } from '../../../support/time/clock.ts';

const MiB = 1024 * 1024;
const INIT: Part = { type: 'init', init: { data: Buffer.from('init'), movie: {} as InitSegment['movie'] } };

function fragment(key: boolean, bytes = 1_000): Part {
  return { type: 'fragment', fragment: { data: Buffer.alloc(bytes), decodeTimeMs: 0, durationMs: 500, key } };
}

/** A run whose parts nobody takes until the test does; with others of the same thread where `underWay` is given. */
class Run {
  readonly clock = new ManualClock();
  readonly underWay: { bytes: number };
  sent: Part[] = [];
  dropped: number[] = [];
  readonly outlet: Outlet;

  constructor(underWay = { bytes: 0 }) {
    this.underWay = underWay;
    const send = (part: Part) => void this.sent.push(part);
    const dropped = (fragments: number) => void this.dropped.push(fragments);
    this.outlet = new Outlet({ clock: this.clock, underWay, send, dropped });
    this.outlet.tell(INIT);
  }

  /** As the thread does it when the gateway answers. */
  takeAll(): Part[] {
    const { sent } = this;
    this.sent = [];
    for (const part of sent) {
      this.underWay.bytes -= bytesOf(part);
      this.outlet.taken(bytesOf(part));
    }
    return sent;
  }

  get bytes(): number {
    return this.sent.reduce((sum, part) => sum + bytesOf(part), 0);
  }
}

t.test('what waits for a gateway that stands still is bounded, by number and by bytes', async (t) => {
  const small = new Run();
  const large = new Run();
  for (let n = 0; n < 100; n += 1) {
    small.outlet.tell(fragment(n % 4 === 0));
    large.outlet.tell(fragment(n % 4 === 0, MiB));
    await small.clock.advance(500);
    await large.clock.advance(500);
  }
  t.ok(small.sent.length <= 17, `${small.sent.length} parts`);
  t.ok(large.bytes < 6 * MiB, `${large.bytes} bytes`);
});

t.test('it goes on with a description and a key frame, and says what is missing', async (t) => {
  const run = new Run();
  for (let n = 0; n < 20; n += 1) {
    run.outlet.tell(fragment(n === 0));
    await run.clock.advance(500);
  }
  t.equal(run.takeAll().length, 16);
  run.outlet.tell(fragment(false));
  t.same({ sent: run.sent, dropped: run.dropped }, { sent: [], dropped: [] }, 'not with what needs a lost picture');
  const [key, next] = [fragment(true), fragment(false)];
  run.outlet.tell(key);
  run.outlet.tell(next);
  t.same(run.sent, [INIT, key, next]);
  t.same(run.dropped, [6]);
  run.outlet.end();
  t.same(run.dropped, [6], 'nothing is counted twice');
});

t.test('what a run has left out at its end is told', async (t) => {
  const run = new Run();
  for (let n = 0; n < 20; n += 1) run.outlet.tell(fragment(true));
  run.outlet.end();
  t.same(run.dropped, [5]);
});

t.test('all runs of a thread together hold no more than one limit', async (t) => {
  const underWay = { bytes: 0 };
  const runs = Array.from({ length: 32 }, () => new Run(underWay));
  for (let n = 0; n < 4; n += 1) for (const { outlet } of runs) outlet.tell(fragment(true, 2 * MiB));
  t.ok(underWay.bytes < 36 * MiB, `${underWay.bytes} bytes`);
  for (const run of runs) run.takeAll();
  t.equal(underWay.bytes, 0);
});

t.test('a run that tells more than any camera has reason to is cut, a few times a second', async (t) => {
  const run = new Run();
  let told = 0;
  for (let n = 0; n < 10_000; n += 1) {
    run.outlet.tell(fragment(true));
    told += run.takeAll().length;
    await run.clock.advance(1);
  }
  t.ok(told <= 1 + 40 + 10 * 10 + 10, `${told} parts in ten seconds`);
  t.ok(run.dropped.length <= 11, `${run.dropped.length} cuts`);
});
