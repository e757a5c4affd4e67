import t from 'tap';
import { CitywatchError } from '../../../../src/core/errors.ts';
import type { DeviceIdentity } from '../../../../src/core/types.ts';
import { Strangers } from '../../../../src/ingest/uplinks/broker/strangers.ts';

const identityOf = (id: string): DeviceIdentity => ({ id, kind: 'kiosk', kindVersion: 1, jurisdiction: '330212' });

t.test('messages of one that is looked for are taken in their order, others do not wait', async (t) => {
  const answers = new Map<string, (found: DeviceIdentity | undefined) => void>();
  let isKnown = false;
  const strangers = new Strangers((id) =>
    isKnown ? Promise.resolve(identityOf(id)) : new Promise((resolve) => void answers.set(id, resolve)),
  );
  const taken: string[] = [];
  const take = (id: string, text: string) =>
    strangers.take(id, async (device) => void taken.push(`${device?.id ?? 'nobody'} ${text}`));
  const first = take('k1', 'one');
  const other = take('k2', 'other');
  await new Promise((resolve) => setImmediate(resolve));
  answers.get('k2')?.(undefined);
  await other;
  t.same(taken, ['nobody other']);
  t.ok(strangers.has('k1'), 'what comes now stands behind the first');
  isKnown = true;
  const second = take('k1', 'two');
  answers.get('k1')?.(identityOf('k1'));
  await Promise.all([first, second]);
  t.same(taken, ['nobody other', 'k1 one', 'k1 two']);
  t.notOk(strangers.has('k1') || strangers.has('k2'));
});

t.test('one that nobody can tell of now is held, and those behind it are tried by themselves', async (t) => {
  const strangers = new Strangers(async () => {
    throw new CitywatchError('store.unavailable');
  });
  const taking = ['one', 'two'].map(() => strangers.take('k1', async () => t.fail('taken')));
  for (const one of taking) await t.rejects(one, { code: 'store.unavailable' });
  t.notOk(strangers.has('k1'));
});
