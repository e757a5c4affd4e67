import t from 'tap';
import { keepOverKills } from '../../support/devices/campaigns/photo-kills.ts';

t.test('a photo that was acknowledged is whole after a kill at any step, and nothing is left over', async (t) => {
  t.ok((await keepOverKills(t, { first: 1, every: 1 })) > 15, 'steps');
});
