import t from 'tap';
import { influxOutage } from '../support/influx-outage.ts';

// A busy machine takes several times what a quiet one does.
t.setTimeout(240_000);

t.test('InfluxDB hangs for 10 s', (t) => influxOutage(t, { kind: 'hangs', lastsMs: 10_000, perSecond: 400 }));
