import t from 'tap';
import { GATEWAY_NODE_OPTIONS } from '../../../../scripts/gateway-memory.mjs';
import { tidyHeapAfterStart } from '../../../../src/platform/process/heap.ts';
import { quietObserver } from '../../../support/services/services.ts';
import { ManualClock } from '../../../support/time/clock.ts';

function started(offered: boolean) {
  const clock = new ManualClock();
  const seen = { collections: 0 };
  const collect = () => {
    seen.collections += 1;
  };
  const stop = tidyHeapAfterStart({ clock, observer: quietObserver(), collect: offered ? collect : undefined });
  return { clock, seen, stop };
}

t.test('what a start leaves is given back once, when the first rush is over', async (t) => {
  const { clock, seen } = started(true);
  await clock.advance(4_999);
  t.equal(seen.collections, 0);
  await clock.advance(3_600_000);
  t.equal(seen.collections, 1);
});

t.test('not by a gateway that was stopped before', async (t) => {
  const { clock, seen, stop } = started(true);
  stop();
  await clock.advance(60_000);
  t.equal(seen.collections, 0);
});

t.test('a Node that does not offer it goes on as it is; ours offers it', async (t) => {
  const { clock } = started(false);
  await t.resolves(clock.advance(60_000));
  t.ok(GATEWAY_NODE_OPTIONS.includes('--expose-gc'));
});
