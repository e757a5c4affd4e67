import t from 'tap';
import { StreamService, type StreamServiceDeps } from '../../../../src/streams/live/service.ts';
import { ManualClock } from '../../../support/time/clock.ts';

/** Of a pool that is as given; nobody looks at a camera. */
function notes(gap: string | null, unrenewed: number): string[] {
  const pool = { clock: new ManualClock(), gap, unrenewed } as unknown as StreamServiceDeps['pool'];
  return new StreamService({ pool } as StreamServiceDeps).notes();
}

t.test('what ffmpeg may do, and cameras on leases that nobody renews, are told in a sentence each', async (t) => {
  t.same(notes(null, 0), []);
  t.same(notes('ffmpeg can use the network.', 0), ['ffmpeg can use the network.']);
  t.match(notes('ffmpeg can use the network.', 3), [/network/, /^PostgreSQL renews no leases; .* too: 3$/]);
});
