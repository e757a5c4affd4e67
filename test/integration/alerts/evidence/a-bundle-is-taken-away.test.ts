import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { Caller } from '../../../../src/core/types.ts';
import { sql } from '../../../../src/platform/database/database.ts';
import type { RecordingExport } from '../../../../src/streams/exports/export.ts';
import {
  type BundleWorld,
  CAMERA,
  MASKED,
  madeBundle,
  openBundleWorld,
  PLATE,
} from '../../../support/alerts/bundles/bundle-world.ts';
import { MASKED_ONES, openssl, run, takenBundle, verified, WHOLE, WHY } from '../../../support/alerts/bundles/taken.ts';

let world: BundleWorld;
let ningbo: Caller;

t.before(async () => {
  world = await openBundleWorld(t);
  ningbo = world.caller('330200');
});

const taken = (made: RecordingExport, caller = ningbo) => takenBundle(t, { world, made, caller });

const looksOf = async (bundle: string) => {
  const { rows } = await sql<{ act: string; device: string; purpose: string; case_number: string }>`
    select act, device, purpose, case_number from access_register
    where asked ->> 'bundle' = ${bundle} or asked ->> 'alert' in
      (select bundle ->> 'alert' from recording_export where id = ${bundle}) order by seq`.execute(
    world.database.tables(),
  );
  return rows;
};

t.test('a bundle has all that belongs to an alert, and holds by stock tools and by ours', async (t) => {
  const { id } = await world.store();
  const asked = await world.alerts.ask(ningbo, id, WHOLE);
  t.match(asked, { state: 'copying', bundle: { alert: id, plates: 'whole' } });
  const made = await madeBundle(world, asked);
  t.match(made, {
    state: 'ready',
    cameras: [{ id: CAMERA, name: `camera ${CAMERA}` }],
    manifestSha256: /^[0-9a-f]{64}$/,
  });
  t.same(await looksOf(made.id), [], 'nobody has looked yet');
  const { archive, folder, key, manifest } = await taken(made);
  t.match(await looksOf(made.id), [
    { act: 'evidence', device: CAMERA, purpose: WHY.purpose, case_number: WHY.case },
    { act: 'plates', device: 'gate-1', purpose: WHY.purpose, case_number: WHY.case },
  ]);

  const sums = run(folder, 'sha256sum', ['-c', 'SHA256SUMS']);
  t.match(
    sums,
    /^alert\/alert.json: OK\nalert\/log.json: OK\ndevice\/readings.csv: OK\npictures\/[\s\S]*clips\/.*: OK/,
  );
  for (const name of ['manifest.json', 'SHA256SUMS']) t.match(openssl(folder, key, name), /Verified Successfully/);
  const { status, lines } = await verified(archive, key);
  t.equal(status, 0, lines.join('\n'));
  t.match(lines[0], `Alert ${id} as it was on ${manifest.madeAt}, with plates whole`);
});

t.test('its files are what was attached, and its manifest says what each is, and who asked', async (t) => {
  const { id, picture, clip, still, film } = await world.store();
  const made = await madeBundle(world, await world.alerts.ask(ningbo, id, WHOLE));
  const { folder, manifest } = await taken(made);
  t.equal(readFileSync(join(folder, `pictures/${picture.id}.jpg`)).compare(still), 0, 'the bytes of the picture');
  t.equal(readFileSync(join(folder, `clips/${clip.id}.mp4`)).compare(film), 0, 'and of the clip');
  t.match(manifest, {
    citywatch: 'alert-bundle',
    v: 1,
    alert: { id, plates: 'whole' },
    ...WHY,
    askedBy: { id: ningbo.id },
  });
  const files = new Map(manifest.files.map((file: { path: string }) => [file.path, file]));
  t.match(files.get(`pictures/${picture.id}.jpg`), {
    what: 'picture',
    camera: CAMERA,
    ageMs: 1_500,
    source: 'snapshot',
  });
  t.match(files.get(`clips/${clip.id}.mp4`), { what: 'clip', camera: CAMERA, source: 'memory' });
  t.match(manifest.holes, [
    { what: 'findings', cause: 'gone' },
    { what: 'readings', cause: 'to-come' },
  ]);
  const log = JSON.parse(readFileSync(join(folder, 'alert/log.json'), 'utf8'));
  t.match(log.items, [
    { type: 'alert.opened', actor: 'citywatch', alert: { data: { plate: PLATE } } },
    { type: 'alert.evidence' },
  ]);
  t.match(JSON.parse(readFileSync(join(folder, 'alert/alert.json'), 'utf8')), { id, data: { plate: PLATE, lane: 2 } });
  const { rows } = await sql<{
    action: string;
    subject: string;
    jurisdiction: string;
  }>`select action, subject, jurisdiction
    from audit_entry where after ->> 'id' = ${made.id}`.execute(world.database.tables());
  t.match(rows, [{ action: 'alert.bundle', subject: `alert/${id}`, jurisdiction: '330203' }]);
});

t.test('one changed byte names the file', async (t) => {
  const { id, picture } = await world.store();
  const { folder, key } = await taken(await madeBundle(world, await world.alerts.ask(ningbo, id, WHOLE)));
  for (const path of ['alert/log.json', `pictures/${picture.id}.jpg`, 'device/readings.csv']) {
    const place = join(folder, path);
    const whole = readFileSync(place);
    const changed = Buffer.from(whole);
    changed[10]! ^= 1;
    writeFileSync(place, changed);
    const { status, lines } = await verified(folder, key);
    t.equal(status, 1);
    t.match(lines[0], `Broken: ${path} was changed.`);
    t.throws(() => run(folder, 'sha256sum', ['-c', '--status', 'SHA256SUMS']));
    writeFileSync(place, whole);
  }
  t.equal((await verified(folder, key)).status, 0);
});

t.test('with masked plates no plate is anywhere in it, and what shows one is listed', async (t) => {
  const { id, still, film } = await world.store();
  const { bytes, manifest } = await taken(await madeBundle(world, await world.alerts.ask(ningbo, id, MASKED_ONES)));
  t.notOk(bytes.includes(PLATE), 'in no text');
  t.notOk(bytes.includes(still) || bytes.includes(film), 'in no picture');
  t.ok(bytes.includes(MASKED));
  t.match(
    manifest.holes.filter(({ cause }: { cause: string }) => cause === 'plate'),
    [
      { what: 'picture', camera: CAMERA, detail: /alerts.plates/ },
      { what: 'clip', camera: CAMERA },
    ],
  );
});
