import t from 'tap';
import type { Message, NewMessage } from '../../../../../src/core/types.ts';
import { Intake } from '../../../../../src/ingest/uplinks/common/intake.ts';
import { UNTROUBLED } from '../../../../support/ingest/intake.ts';
import { kioskMessage } from '../../../../support/ingest/journal.ts';

t.test('nothing is acknowledged without the lease, also not what became durable while it ended', async (t) => {
  let isHeld = true;
  let written = 0;
  const append = async (message: NewMessage): Promise<Message> => {
    written += 1;
    if (message.packetId === 2) isHeld = false;
    return { ...message, lane: 'live', incarnation: '0a0b0c0d', offset: 10, endOffset: 20 };
  };
  const intake = new Intake({ live: { append, full: () => false } }, { ...UNTROUBLED, lease: { held: () => isHeld } });
  t.match(await intake.accept(kioskMessage()), { id: 'live-10-0a0b0c0d' });
  const refused = { code: 'ingest.unavailable', retryable: true, message: /not confirmed/ };
  await t.rejects(intake.accept(kioskMessage({ packetId: 2 })), refused);
  t.equal(written, 2);
  t.ok(intake.full(), 'uplinks stop reading from their devices');
  await t.rejects(intake.accept(kioskMessage()), refused);
  await t.rejects(intake.acceptBulk(kioskMessage()), refused);
  t.equal(written, 2, 'nor written any more');
  isHeld = true;
  t.match(await intake.accept(kioskMessage()), { id: 'live-10-0a0b0c0d' }, 'it goes on by itself');
});
