import { systemClock } from '../../../src/core/clock.ts';
import { Journal } from '../../../src/ingest/journal/journal.ts';
import { JOURNAL_DEFAULTS } from '../../../src/ingest/journal/options.ts';
import { ExternalMqtt } from '../../../src/ingest/uplinks/broker/broker-uplink.ts';
import { EXTERNAL_MQTT_DEFAULTS } from '../../../src/ingest/uplinks/broker/options.ts';
import { receiptOf } from '../../../src/ingest/uplinks/common/intake.ts';
import { UNLIMITED_RATES } from '../../../src/ingest/uplinks/common/rate-budget.ts';
import { ONE_LIFE, quietObserver } from '../ingest/journal.ts';

/**
 * A child process that journals in argv[2] what the broker at argv[3] sends, until it is killed. Prints a line for each
 * message that it was told is durable.
 */
const [directory, url] = [process.argv[2]!, process.argv[3]!];
const observer = quietObserver();
const journal = await Journal.open({
  directory,
  lane: 'live',
  lineage: ONE_LIFE,
  options: JOURNAL_DEFAULTS,
  clock: systemClock,
  observer,
});
const device = { kind: 'recycling-kiosk', kindVersion: 1, jurisdiction: '330200' };
const uplink = new ExternalMqtt(
  {
    kinds: UNLIMITED_RATES,
    identity: (id) => ({ id, ...device }),
    find: async (id) => ({ id, ...device }),
    accept: async (message) => {
      const receipt = receiptOf(await journal.append(message));
      process.stdout.write(`${message.raw.toString()}\n`);
      return receipt;
    },
    mayRefuse: () => true,
    clock: systemClock,
    observer,
  },
  { ...EXTERNAL_MQTT_DEFAULTS, url, clientId: 'citywatch-1', receiveMaximum: 100, reconnectMs: 100 },
);
uplink.start();
