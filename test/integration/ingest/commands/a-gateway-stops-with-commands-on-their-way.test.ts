import t from 'tap';
import { freshDatabase } from '../../../support/services/shared-database.ts';
import { ManualClock } from '../../../support/time/clock.ts';
import { openDownlink, person } from '../../../support/uplinks/downlink.ts';

const server = freshDatabase(t);
const OPERATOR = person('operator');

t.test('a gateway that stops writes down what is acknowledged, and rings for nobody any more', async (t) => {
  const { start, port } = await openDownlink(t, (await server).url, { clock: new ManualClock() });
  const { commands, sender, settle, rung, stop } = await start();
  port.sessions.set('k1', 'a');
  port.acks = null;
  const ids: string[] = [];
  for (let cell = 1; cell <= 9; cell += 1)
    ids.push((await commands.create(OPERATOR, 'k1', { name: 'unlock', args: { cell } })).id);
  await settle();
  const before = rung.length;
  const stopped = sender.stop();
  port.settle(true);
  await stopped;
  t.match(await commands.get(OPERATOR, 'k1', ids[0]!), { state: 'delivered' });
  sender.listening('k1');
  await sender.flush();
  t.equal(rung.length, before, 'also not for the ninth, for which there was no room');
  t.match(await commands.get(OPERATOR, 'k1', ids[8]!), { state: 'queued' });
  await stop();
});
