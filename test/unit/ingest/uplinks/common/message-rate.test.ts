import t from 'tap';
import { codeAlone } from '../../../../../src/core/jurisdiction.ts';
import type { ReceivedCount } from '../../../../../src/ingest/journal/received-counts.ts';
import { MessageRate } from '../../../../../src/ingest/uplinks/common/message-rate.ts';
import { ManualClock } from '../../../../support/time/clock.ts';

t.test('messages a second of the last ten seconds, by area', async (t) => {
  const clock = new ManualClock();
  const ningbo: ReceivedCount = { kind: 'kiosk', jurisdiction: '330212', messages: 5_000 };
  const checkpoint: ReceivedCount = { kind: 'checkpoint', jurisdiction: '330212', messages: 0 };
  const mianyang: ReceivedCount = { kind: 'kiosk', jurisdiction: '510703', messages: 0 };
  const rate = new MessageRate({ clock, counts: () => [ningbo, checkpoint, mianyang].map((one) => ({ ...one })) });
  rate.start();
  t.equal(rate.perSecond(codeAlone('000000')), 0, 'what was there before does not count');
  for (let second = 0; second < 20; second += 1) {
    ningbo.messages += 30;
    checkpoint.messages += 10;
    mianyang.messages += 5;
    await clock.advance(1_000);
  }
  t.equal(rate.perSecond(codeAlone('000000')), 45);
  t.equal(rate.perSecond(codeAlone('330200')), 40);
  t.equal(rate.perSecond(codeAlone('510700')), 5);
  t.equal(rate.perSecond(codeAlone('440000')), 0);
  await clock.advance(12_000);
  t.equal(rate.perSecond(codeAlone('000000')), 0);
  rate.stop();
});
