import t from 'tap';
import { killUnderLoad } from '../support/kill-under-load.ts';

t.test('kill -9 under 500 messages/s, ten times', (t) => killUnderLoad(t, { kills: 10, perSecond: 500 }));
