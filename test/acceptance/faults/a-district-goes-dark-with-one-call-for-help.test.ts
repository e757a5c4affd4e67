import t from 'tap';
import { ONE_BY_ONE } from '../../../src/alerts/route/stages/storm.ts';
import { DarkDistrict } from '../../support/alerts/storms/dark-cameras.ts';

// A busy machine takes several times what a quiet one does.
t.setTimeout(240_000);

/** A fifth of what test/long/alerts has. */
const CAMERAS = 200;
const MESSAGES_MAX = 20;

t.test(
  'many cameras go dark at once: a call for help stands behind none of them, and a desk hears of few',
  async (t) => {
    const district = await DarkDistrict.open(t, {
      cameras: CAMERAS,
      withinMs: 2_000,
      sosAfter: CAMERAS / 10,
      silentS: 4,
    });
    const { alerts, leader, sosMs, messages } = await district.goDark((count) => count > 0);
    t.comment(`the call for help is received after ${sosMs} ms`);
    t.match(messages.police[0], /^alert\.opened sos-pressed$/, 'nothing rings the police desk before it');
    t.ok(
      messages.police.every((one) => one.endsWith(' sos-pressed')),
      'nor after it',
    );
    const count = messages.police.length + messages.maintenance.length;
    t.ok(count <= MESSAGES_MAX, `the desks of the district were told ${count} times`);
    t.equal(new Set(alerts.map(({ device }) => device)).size, CAMERAS, 'each camera has its alert');
    t.equal(alerts.length, CAMERAS);
    t.equal(
      alerts.filter(({ storm }) => storm === leader.id).length,
      CAMERAS - ONE_BY_ONE - 1,
      'the others are linked',
    );
  },
);
