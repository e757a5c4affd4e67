import type { Test } from 'tap';
import { systemClock } from '../../../src/core/clock.ts';
import { createObserver, KnownSecrets } from '../../../src/core/observe.ts';
import { ExternalMqtt } from '../../../src/ingest/uplinks/broker/broker-uplink.ts';
import { EXTERNAL_MQTT_DEFAULTS, type ExternalMqttOptions } from '../../../src/ingest/uplinks/broker/options.ts';
import { UNLIMITED_RATES } from '../../../src/ingest/uplinks/common/rate-budget.ts';
import { until } from '../time/until.ts';
import { FakeIntake } from './mqtt.ts';

export interface Uplink {
  uplink: ExternalMqtt;
  intake: FakeIntake;
  logs: string[];
}

/** The uplink of a broker, its journal a {@link FakeIntake}, knowing every device whose id begins with `k`. */
export function openUplink(test: Test, url: string, over: Partial<ExternalMqttOptions> = {}): Uplink {
  const intake = new FakeIntake();
  const logs: string[] = [];
  const destination = { write: (line: string) => void logs.push(line) };
  const observer = createObserver({ level: 'info', secrets: new KnownSecrets(), destination });
  const identity = (id: string) =>
    id.startsWith('k') ? { id, kind: 'recycling-kiosk', kindVersion: 1, jurisdiction: '330200' } : undefined;
  const find = async (id: string) => identity(id);
  const ports = { identity, find, accept: intake.accept, mayRefuse: () => true };
  const deps = { ...ports, kinds: UNLIMITED_RATES, clock: systemClock, observer };
  const uplink = new ExternalMqtt(deps, {
    ...EXTERNAL_MQTT_DEFAULTS,
    url,
    clientId: 'citywatch-1',
    reconnectMs: 100,
    ...over,
  });
  uplink.start();
  test.teardown(() => uplink.stop(AbortSignal.timeout(1_000)));
  return { uplink, intake, logs };
}

/** As {@link openUplink}, once it is subscribed. */
export async function startUplink(test: Test, url: string, over: Partial<ExternalMqttOptions> = {}): Promise<Uplink> {
  const opened = openUplink(test, url, over);
  await until('subscribed', () => opened.uplink.status().ok);
  return opened;
}

export const texts = (messages: { raw: Buffer }[]): string[] => messages.map(({ raw }) => raw.toString());
