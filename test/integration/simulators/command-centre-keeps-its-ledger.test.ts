import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Webhook } from 'standardwebhooks';
import t from 'tap';
import { type CentreOptions, CommandCentre } from '../../../simulators/centre/centre.ts';
import { ManualClock } from '../../support/time/clock.ts';
import { until } from '../../support/time/until.ts';

const SECRET = `whsec_${randomBytes(32).toString('base64')}`;

async function startCentre(t: { teardown(run: () => unknown): void }, options: Partial<CentreOptions> = {}) {
  const centre = new CommandCentre({ host: '127.64.32.1', secrets: [SECRET], ...options });
  await centre.start();
  t.teardown(() => centre.stop());
  return centre;
}

interface Sent {
  id?: string;
  at?: Date;
  secret?: string;
  tamper?: boolean;
}

/** Signed by the reference implementation, npm `standardwebhooks`. */
async function deliver(centre: CommandCentre, { id = 'msg-1', at = new Date(), secret = SECRET, tamper }: Sent = {}) {
  const body = JSON.stringify({ type: 'alert.opened', timestamp: at.toISOString(), data: { id: 'alert-7' } });
  const headers = {
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
    'webhook-signature': new Webhook(secret).sign(id, at, body),
  };
  const response = await fetch(centre.url, { method: 'POST', headers, body: tamper ? `${body} ` : body });
  return response.status;
}

t.test('a right signature is taken, and the second time known as a duplicate', async (t) => {
  const ledgerPath = join(t.testdir(), 'ledger.jsonl');
  const centre = await startCentre(t, { ledgerPath });
  t.equal(await deliver(centre), 204);
  t.equal(await deliver(centre), 204);
  const lines = readFileSync(ledgerPath, 'utf8').trim().split('\n');
  t.match(
    lines.map((line) => JSON.parse(line) as unknown),
    [
      { webhookId: 'msg-1', alertId: 'alert-7', type: 'alert.opened', verdict: 'right', duplicate: false, status: 204 },
      { webhookId: 'msg-1', duplicate: true },
    ],
  );
  t.equal(centre.effects.length, 1);
});

t.test('a wrong, old, changed or missing signature is refused', async (t) => {
  const centre = await startCentre(t);
  t.equal(await deliver(centre, { secret: `whsec_${randomBytes(32).toString('base64')}` }), 401);
  t.equal(await deliver(centre, { at: new Date(Date.now() - 600_000) }), 401);
  t.equal(await deliver(centre, { tamper: true }), 401);
  t.equal((await fetch(centre.url, { method: 'POST', body: '{}' })).status, 401);
  t.same(
    centre.ledger.map(({ verdict }) => verdict),
    ['wrong', 'stale', 'wrong', 'missing'],
  );
  t.equal(centre.effects.length, 0);
});

t.test('while a secret is replaced both are taken', async (t) => {
  const next = `whsec_${randomBytes(32).toString('base64')}`;
  const centre = await startCentre(t, { secrets: [next, SECRET] });
  t.equal(await deliver(centre, { id: 'a' }), 204);
  t.equal(await deliver(centre, { id: 'b', secret: next }), 204);
});

t.test('it can be down, failing, slow and forgetful', async (t) => {
  const clock = new ManualClock();
  const centre = await startCentre(t, { dawdle: () => clock.sleep(1_000) });
  await centre.be('down');
  await t.rejects(deliver(centre));
  await centre.be('failing');
  t.equal(await deliver(centre), 500);
  t.equal(centre.effects.length, 0);
  await centre.be('slow');
  const slow = deliver(centre, { id: 'slow' });
  await until('it is taking its time', () => clock.waiting === 1);
  t.equal(centre.effects.length, 0);
  await clock.advance(1_000);
  t.equal(await slow, 204);
  await centre.be('forgetful');
  await t.rejects(deliver(centre, { id: 'lost-answer' }));
  await centre.be('open');
  t.equal(await deliver(centre, { id: 'lost-answer' }), 204);
  t.match(centre.ledger.at(-1), { webhookId: 'lost-answer', duplicate: true });
  t.equal(centre.effects.length, 2);
});

t.test('one that lies says that it took a delivery, and has none of it', async (t) => {
  const centre = await startCentre(t);
  await centre.be('lying');
  t.equal(await deliver(centre), 204);
  t.match(centre.ledger, [{ webhookId: 'msg-1', verdict: 'right', lost: true, status: 204 }]);
  t.strictSame(centre.effects, []);
  await centre.be('open');
  t.equal(await deliver(centre), 204);
  t.equal(centre.effects.length, 1, 'and it would be new to it');
});
