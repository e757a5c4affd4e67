import t from 'tap';
import { ONE_BY_ONE } from '../../../src/alerts/route/stages/storm.ts';
import { DarkDistrict } from '../../support/alerts/storms/dark-cameras.ts';

t.setTimeout(600_000);

/** As the issue has it. */
const CAMERAS = 1_000;
const WITHIN_MS = 10_000;
const SOS_MS = 2_000;
const MESSAGES_MAX = 20;

t.test('1,000 cameras go dark in ten seconds, and somebody calls for help meanwhile', async (t) => {
  const district = await DarkDistrict.open(t, { cameras: CAMERAS, withinMs: WITHIN_MS, sosAfter: CAMERAS / 10 });
  const dark = await district.goDark((count) => count === CAMERAS - ONE_BY_ONE);
  const { alerts, leader, sosMs, after } = dark;
  const messages = [...dark.messages.police, ...dark.messages.maintenance];
  const told = messages.reduce((all, one) => all.set(one, (all.get(one) ?? 0) + 1), new Map<string, number>());
  // Shown whether it passes or not.
  process.stderr.write(
    `SOS ${sosMs} ms, ${after} alerts after it, ${messages.length} messages: ${[...told].join('; ')}\n`,
  );
  t.ok(sosMs <= SOS_MS, `the call for help is received ${sosMs} ms after the press of the button`);
  t.ok(after > 0, 'in the middle of the storm');
  t.ok(messages.length <= MESSAGES_MAX, `the desks of the district were told ${messages.length} times`);
  t.equal(new Set(alerts.map(({ device }) => device)).size, CAMERAS, 'each camera has its alert');
  t.equal(alerts.length, CAMERAS, 'and one of them');
  const parts = alerts.filter(({ storm }) => storm === leader.id);
  t.equal(
    parts.length,
    CAMERAS - ONE_BY_ONE - 1,
    'all but those that were told are linked to the one that stands for them',
  );
  t.ok(
    alerts.every(({ condition }) => condition === 'active'),
    'and none has lost how it stands',
  );
});
