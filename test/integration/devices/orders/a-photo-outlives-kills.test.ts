import t from 'tap';
import { keepOverKills } from '../../../support/devices/campaigns/photo-kills.ts';
import { chance } from '../../../support/time/random.ts';

/** `npm run test:long` kills at each of them. */
const EVERY = 4;

t.test(
  'a photo that was acknowledged is whole after a kill at some of its steps, and nothing is left over',
  async (t) => {
    const first = 1 + Math.floor(chance()() * EVERY);
    t.ok((await keepOverKills(t, { first, every: EVERY })) > 15, 'steps');
  },
);
