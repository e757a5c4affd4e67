import t from 'tap';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../../../src/core/clock.ts';
import { judgeClock, judgeLabel, judgeLogin } from '../../../../src/devices/checks/camera-judgements.ts';
import { explainError } from '../../../../src/devices/checks/hints.ts';
import { judgePicture, missing } from '../../../../src/devices/checks/video.ts';

t.test('a clock is off by so much, and by its zone where that is why', async (t) => {
  const cases: [number | null, string, RegExp][] = [
    [0, 'ok', /0 s ahead/],
    [-4_900, 'ok', /4\.9 s behind/],
    [5_100, 'warning', /5\.1 s ahead/],
    [-3 * MINUTE_MS, 'warning', /3 min behind/],
    [8 * HOUR_MS + 2_000, 'warning', /8 h ahead/],
    [-20_000 * DAY_MS, 'warning', /20000 days behind/],
    [null, 'warning', /does not tell/],
  ];
  for (const [skewMs, grade, seen] of cases) t.match(judgeClock(skewMs), { grade, seen });
  t.match(judgeClock(8 * HOUR_MS + 2_000).hint, /local time for UTC/);
  t.match(judgeClock(-5.75 * HOUR_MS).hint, /local time for UTC/);
  t.notMatch(judgeClock(3 * MINUTE_MS).hint, /UTC/);
  t.notMatch(judgeClock(-20_000 * DAY_MS).hint, /UTC/);
});

t.test('identity is text, and the registered unit is known again by it', async (t) => {
  const unit = { maker: 'm', model: 'x', serial: '007', mac: null, endpoint: null };
  const label = { ...unit, firmware: '2.10', hardwareId: '1', certificate: null };
  t.match(judgeLabel(label, unit, 0), { grade: 'ok', seen: 'm x, serial 007, firmware 2.10.' });
  t.match(judgeLabel({ ...label, serial: '7' }, unit, 0), { grade: 'failed', problem: 'other-unit' });
  t.match(judgeLabel({ ...label, model: 'y' }, unit, 0), { grade: 'warning', problem: 'label-changed' });
  t.match(judgeLabel(label, { ...unit, maker: null, model: null, serial: null }, 0), { grade: 'ok' });
  const certificate = { fingerprint: 'aa', subject: 'CN=x', notAfterMs: 40 * DAY_MS };
  t.match(judgeLabel({ ...label, certificate }, unit, 0), { grade: 'ok' });
  const ends = { grade: 'warning', problem: 'certificate-ends', hint: /ends on 1970-02-10: renew/ };
  t.match(judgeLabel({ ...label, certificate }, unit, 11 * DAY_MS), ends);
  t.match(judgeLabel({ ...label, certificate }, unit, 41 * DAY_MS).hint, /ended on/);
});

t.test('a camera that asks for no password is warned of', async (t) => {
  t.match(judgeLogin('open'), { grade: 'warning', problem: 'no-password' });
  t.match(judgeLogin('digest'), { grade: 'ok' });
});

t.test('a picture of which nothing can be seen is warned of', async (t) => {
  const size = { width: 1920, height: 1080 };
  t.match(judgePicture('H.264', { ...size, brightnessPct: 44, contrastPct: 20 }), { grade: 'ok' });
  t.match(judgePicture('H.264', { ...size, brightnessPct: 1, contrastPct: 0 }), { problem: 'dark' });
  t.match(judgePicture('H.264', { ...size, brightnessPct: 99, contrastPct: 0 }), { problem: 'bright' });
  t.match(judgePicture('H.264', { ...size, brightnessPct: 50, contrastPct: 1 }), { problem: 'plain' });
});

t.test('a picture that the gateway could not decode in time is no fault of the camera', async (t) => {
  t.match(missing({ failed: 'ffmpeg', detail: 'not in time' }), { grade: 'warning', problem: 'ffmpeg' });
  t.match(missing({ failed: 'no-key-frame', detail: 'none' }), { grade: 'failed', hint: /key frame interval/ });
});

t.test('an error that nobody knows tells nothing of what is inside', async (t) => {
  const finding = explainError(new Error('planted-secret-42'));
  t.match(finding, { grade: 'failed', problem: 'internal' });
  t.notMatch(JSON.stringify(finding), /planted/);
});
