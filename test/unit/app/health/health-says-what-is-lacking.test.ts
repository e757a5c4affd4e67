import t from 'tap';
import { Health } from '../../../../src/api/health.ts';
import { type HealthParts, healthChecks } from '../../../../src/app/health/health-checks.ts';
import { ManualClock } from '../../../support/time/clock.ts';

/** An uplink that hears nobody. */
const MQTT = {
  name: 'mqtt',
  start: async () => {},
  stop: async () => {},
  status: () => ({ ok: false, reason: 'the broker does not answer', urls: [] }),
};

/** Parts that are well but for one uplink, and a video part of which this lacks. */
function parts(gap: string | null): HealthParts {
  return {
    database: { ping: async () => {} },
    doorbell: { up: () => true },
    store: { ping: async () => {} },
    writer: { status: () => ({ ok: true, reason: null }) },
    uplinks: [{ uplink: MQTT, needed: true }],
    streams: { spawnerDown: false, notes: () => (gap === null ? [] : [gap]) },
    intake: { full: () => false },
    ruleFiles: { problem: () => null },
    lease: { held: () => true },
    board: { stuck: () => null },
    disks: { check: () => undefined },
    remarks: { check: () => {} },
    blobs: [],
    recordings: { notes: () => [] },
  };
}

function healthOf(gap: string | null): Health {
  return new Health({ clock: new ManualClock(0), checks: healthChecks(parts(gap)), readers: () => [] });
}

t.test('an ffmpeg that could not be caged is well, and says what it can do although it should not', async (t) => {
  const gap = 'ffmpeg can use the network';
  const lacking = await healthOf(gap).check();
  t.same(lacking.ffmpeg, { ok: true, needed: false, reason: gap });
  const whole = await healthOf(null).check();
  t.same(whole.ffmpeg, { ok: true, needed: false });
});

t.test('what video lacks is no fault, and all of it is told', async (t) => {
  const notes = () => ['ffmpeg can use the network.', 'PostgreSQL renews no leases.'];
  const streams = { ...parts(null).streams, notes };
  const checks = healthChecks({ ...parts(null), streams });
  const { ffmpeg } = await new Health({ clock: new ManualClock(0), checks, readers: () => [] }).check();
  t.match(ffmpeg, { ok: true, reason: 'ffmpeg can use the network. PostgreSQL renews no leases.' });
});

t.test('a disk of recordings that is full soon is no fault yet, and is told', async (t) => {
  const recordings = { notes: () => ['/video will be full in 20 hours.'] };
  const checks = healthChecks({ ...parts(null), recordings });
  const { pictures } = await new Health({ clock: new ManualClock(0), checks, readers: () => [] }).check();
  t.match(pictures, { ok: true, reason: '/video will be full in 20 hours.' });
});

t.test('a wrong rule file leaves the rules well and ready, and says what is wrong', async (t) => {
  const reason = 'full.yaml:5 kinds.0: there is no kind "fridge"; the rules before go on';
  const checks = healthChecks({ ...parts(null), ruleFiles: { problem: () => reason } });
  const health = new Health({ clock: new ManualClock(0), checks, readers: () => [] });
  t.same((await health.check()).rules, { ok: true, needed: true, reason });
  t.same((await healthOf(null).check()).rules, { ok: true, needed: true });
});

t.test('an uplink is asked under its own name, and is missed as much as its type says', async (t) => {
  const { mqtt } = await healthOf(null).check();
  t.same(mqtt, { ok: false, needed: true, reason: 'the broker does not answer' });
});

t.test('a reader that does not move is named, and only that of the rules makes the gateway not ready', async (t) => {
  const stuck = (meant: string) => (isMeant: (name: string) => boolean) => (isMeant(meant) ? `${meant} hangs` : null);
  for (const [name, part, needed] of [
    ['rules', 'rules', true],
    ['twin', 'readers', false],
  ] as const) {
    const checks = healthChecks({ ...parts(null), board: { stuck: stuck(name) } });
    const health = await new Health({ clock: new ManualClock(0), checks, readers: () => [] }).check();
    t.same(health[part], { ok: false, needed, reason: `${name} hangs` });
    t.equal(health[part === 'rules' ? 'readers' : 'rules'].ok, true);
  }
});
