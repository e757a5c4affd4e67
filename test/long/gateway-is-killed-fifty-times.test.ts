import t from 'tap';
import { killUnderLoad } from '../support/kill-under-load.ts';

t.test('kill -9 under 500 messages/s, fifty times', (t) => killUnderLoad(t, { kills: 50, perSecond: 500 }));
