import t from 'tap';
import { outageOfReceiver } from '../support/alerts/receiver-outage.ts';

t.test('a receiver that is down for a minute gets every alert once, though Redis was emptied meanwhile', (t) =>
  outageOfReceiver(t, 60_000),
);
