import t from 'tap';
import type { Outcome, Settlement } from '../../../../src/alerts/route/outbox.ts';
import { SentTogether } from '../../../../src/alerts/route/sent-together.ts';
import { firstClaim } from '../../../support/alerts/alert-desk.ts';
import { ManualClock } from '../../../support/time/clock.ts';

const delivered = (id: string): Outcome => ({ id, state: 'delivered', status: 200, error: null });
const claim = firstClaim('s a');

function around(refuses = false) {
  const clock = new ManualClock();
  const written: Settlement[] = [];
  const settle = async (settlement: Settlement) => {
    if (refuses) throw new Error('the database is away');
    written.push(settlement);
    return settlement.claim ? ('ended' as const) : null;
  };
  return { clock, written, sent: new SentTogether({ settle }, clock) };
}

t.test('what follows at once is written with what it follows', async (t) => {
  const { written, sent } = around();
  sent.hold(delivered('1'));
  t.equal(await sent.settle(delivered('2'), claim), 'ended');
  await sent.settleRest();
  t.same(written, [{ outcomes: [delivered('1'), delivered('2')], claim }]);
});

t.test('what nothing follows in time is written alone, and once', async (t) => {
  const { clock, written, sent } = around();
  sent.hold(delivered('1'));
  await clock.advance(60);
  t.same(written, [{ outcomes: [delivered('1')], claim: null }]);
  t.equal(await sent.settle(delivered('2'), claim), 'ended');
  t.same(written[1], { outcomes: [delivered('2')], claim });
});

t.test('what is held when there is nothing more to send is written', async (t) => {
  const { clock, written, sent } = around();
  sent.hold(delivered('1'));
  await sent.settleRest();
  await clock.advance(60);
  t.same(written, [{ outcomes: [delivered('1')], claim: null }]);
});

t.test('a claim does not end before what was held is written', async (t) => {
  const { clock, sent } = around(true);
  sent.hold(delivered('1'));
  await clock.advance(60);
  await t.rejects(sent.settle(delivered('2'), claim), 'the database is away');
});
