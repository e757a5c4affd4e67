import t from 'tap';
import { influxOutage } from '../support/telemetry/influx-outage.ts';

t.test('InfluxDB hangs for a minute', (t) => influxOutage(t, { kind: 'hangs', messages: 24_000, perSecond: 500 }));

t.test('InfluxDB is killed again and again for a minute', (t) =>
  influxOutage(t, { kind: 'is killed again and again', messages: 24_000, perSecond: 500 }),
);
