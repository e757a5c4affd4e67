import t from 'tap';
import {
  endUnderLoad,
  underLoadBehindBroker,
  withoutLossOfBroker,
} from '../support/faults/campaigns/broker-campaign.ts';
import { record } from '../support/faults/results.ts';

const TIMES = 5;

t.test('devices behind a broker: the gateway and the broker end under load', async (t) => {
  const scene = await underLoadBehindBroker(t);
  await record(t, 'gateway killed behind a broker', () =>
    endUnderLoad(scene, { name: 'gateway', signal: 'SIGKILL' }, TIMES),
  );
  await record(t, 'broker stopped and started', () =>
    endUnderLoad(scene, { name: 'broker', signal: 'SIGTERM' }, TIMES),
  );
  await record(t, 'broker killed and started (acked and lost by it alone)', async () =>
    withoutLossOfBroker(await endUnderLoad(scene, { name: 'broker', signal: 'SIGKILL' }, TIMES)),
  );
});
