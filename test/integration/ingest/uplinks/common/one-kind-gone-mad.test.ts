import t from 'tap';
import { RateBudget } from '../../../../../src/ingest/uplinks/common/rate-budget.ts';
import { quietObserver } from '../../../../support/ingest/journal.ts';
import { KIOSK } from '../../../../support/ingest/kiosk-kind.ts';
import { ManualClock, passTime } from '../../../../support/time/clock.ts';
import { metric, publishPacket, RawClient, startListener } from '../../../../support/uplinks/mqtt.ts';

function ratesOf(totals: Record<string, number>) {
  const clock = new ManualClock();
  const observer = quietObserver();
  const latest = (kind: string) => {
    const totalPerS = totals[kind];
    return { ...KIOSK, kind, ...(totalPerS === undefined ? {} : { rate: { totalPerS } }) };
  };
  return { clock, observer, rates: new RateBudget({ kinds: { latest }, clock, observer }) };
}

const burst = (id: string, count: number) =>
  Buffer.concat(Array.from({ length: count }, (_, i) => publishPacket({ topic: `cw/v1/${id}/telemetry`, id: i + 1 })));

t.test(
  'devices of a kind above its rate share it, none of their messages is lost, another kind is served',
  async (t) => {
    const { clock, rates, observer } = ratesOf({ mad: 100 });
    const { port, intake } = await startListener(t, { rates, clock });
    const loud = await RawClient.device(t, port, 'mad-loud');
    const quiet = await RawClient.device(t, port, 'mad-quiet');
    const calm = await RawClient.device(t, port, 'calm-1');
    loud.send(burst('mad-loud', 200));
    let tookMs = await passTime(clock, () => loud.ackIds.length >= 100);
    quiet.send(burst('mad-quiet', 5));
    calm.send(burst('calm-1', 100));
    await calm.until(() => calm.ackIds.length === 100);
    t.ok(loud.ackIds.length < 200, 'the other kind waits for nobody');
    tookMs += await passTime(clock, () => quiet.ackIds.length === 5);
    t.ok(loud.ackIds.length < 150, `the loud one is at ${loud.ackIds.length} when the quiet one is through`);
    tookMs += await passTime(clock, () => loud.ackIds.length === 200);
    t.ok(tookMs > 900, `105 above the burst at 100/s took ${tookMs} ms`);
    t.equal(intake.taken.length, 305);
    t.ok((await metric(observer, 'citywatch_kind_rate_holds_total')) > 50);
  },
);
