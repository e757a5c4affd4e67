import t from 'tap';
import { outageOfReceiver } from '../../support/alerts/receiver-outage.ts';

t.test('a receiver that is down gets every alert once, though Redis was emptied meanwhile', (t) =>
  outageOfReceiver(t, 0),
);
