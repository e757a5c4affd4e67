import { existsSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { Caller } from '../../../../src/core/types.ts';
import type { RecordingExport } from '../../../../src/streams/exports/export.ts';
import { type BundleWorld, CAMERA, madeBundle, openBundleWorld } from '../../../support/alerts/bundles/bundle-world.ts';
import { MASKED_ONES, takenBundle, WHOLE } from '../../../support/alerts/bundles/taken.ts';

let world: BundleWorld;
let ningbo: Caller;
let haishu: Caller;
let yinzhou: Caller;

t.before(async () => {
  world = await openBundleWorld(t);
  ningbo = world.caller('330200');
  haishu = world.caller('330203');
  yinzhou = world.caller('330212');
});

const taken = (made: RecordingExport, caller = ningbo) => takenBundle(t, { world, made, caller });

t.test('whole plates are for who may see them, when they ask, when it is made and when it is taken', async (t) => {
  const { id } = await world.store();
  const ready = await madeBundle(world, await world.alerts.ask(ningbo, id, WHOLE));
  const waits = await world.alerts.ask(ningbo, id, WHOLE);
  await t.rejects(world.alerts.ask(ningbo, id, { ...WHOLE, case: null }), { code: 'request.invalid' });
  world.state.plates = false;
  await t.rejects(world.alerts.ask(ningbo, id, WHOLE), { code: 'auth.forbidden' });
  await t.rejects(taken(ready), { code: 'auth.forbidden' });
  t.match(await madeBundle(world, waits), { state: 'failed', detail: /may not have it any more/ });
  t.notOk(existsSync(join(world.common.directory, waits.id)), 'nothing of it is left');
  world.state.plates = true;
  world.state.isGone = true;
  t.match(await madeBundle(world, await world.alerts.ask(ningbo, id, MASKED_ONES)), { state: 'failed' });
  world.state.isGone = false;
});

t.test('who does not see the alert is answered as if there were none', async (t) => {
  const { id } = await world.store();
  const nothing = { code: 'not-found', message: 'No such thing, or it is not yours to see.' };
  await t.rejects(world.alerts.ask(yinzhou, id, MASKED_ONES), nothing);
  await t.rejects(world.alerts.ask(yinzhou, '00000000-0000-4000-8000-000000000000', MASKED_ONES), nothing);
  const covert = await world.store({ seen_by: [haishu.id] });
  await t.rejects(world.alerts.ask(ningbo, covert.id, MASKED_ONES), nothing, 'a covert one is for whom it names');
  const made = await madeBundle(world, await world.alerts.ask(haishu, covert.id, MASKED_ONES));
  await t.rejects(taken(made, ningbo), nothing);
  t.same([...(await world.alerts.seen(ningbo, [id, covert.id]))], [id]);
  t.same([...(await world.alerts.seen(haishu, [id, covert.id]))].sort(), [id, covert.id].sort());
  t.equal((await taken(made, haishu)).manifest.alert.id, covert.id);
});

t.test('a picture that was taken elsewhere, or for an incident only, is listed and not in it', async (t) => {
  const there = { type: 'picture' as const, camera: 'cam-2', takenAtMs: 5, jurisdiction: '330212', granted: false };
  const none = {
    id: 'x',
    type: 'unavailable' as const,
    camera: null,
    takenAtMs: 5,
    reason: 'No camera sees this place.',
  };
  const ofOther = await world.store({ plates_sealed: null, evidence: [{ id: 'y', ...there }, none] });
  const { manifest } = await taken(
    await madeBundle(world, await world.alerts.ask(haishu, ofOther.id, MASKED_ONES)),
    haishu,
  );
  const causes = ({ holes }: typeof manifest) =>
    holes
      .filter(({ what }: { what: string }) => what === 'picture' || what === 'clip')
      .map(({ cause }: { cause: string }) => cause);
  t.same(causes(manifest), ['elsewhere', 'none']);

  const { id } = await world.store({ plates_sealed: null });
  const waits = await world.alerts.ask(ningbo, id, { ...MASKED_ONES, case: null });
  world.state.incidents.add(CAMERA);
  const without = await madeBundle(world, waits);
  t.same(causes((await taken(without)).manifest), ['incident-missing', 'incident-missing']);
  await t.rejects(world.alerts.ask(ningbo, id, { ...MASKED_ONES, case: null }), { code: 'look.incident-missing' });
  const named = await taken(await madeBundle(world, await world.alerts.ask(ningbo, id, MASKED_ONES)));
  t.same(causes(named.manifest), []);
  world.state.incidents.clear();
});
