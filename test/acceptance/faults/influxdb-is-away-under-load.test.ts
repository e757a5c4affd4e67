import t from 'tap';
import { influxOutage } from '../../support/telemetry/influx-outage.ts';

// A busy machine takes several times what a quiet one does.
t.setTimeout(240_000);

t.test('InfluxDB hangs while 3,200 messages come', (t) =>
  influxOutage(t, { kind: 'hangs', messages: 3_200, perSecond: 400 }),
);
