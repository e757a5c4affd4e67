import t from 'tap';
import {
  judgePicture,
  NO_PICTURES,
  PICTURE_FAULTS,
  type PictureMemory,
} from '../../../../src/streams/picture-health/judges.ts';
import { casesOf, scoreOf } from '../../../support/streams/pictures/cases.ts';
import { Dice, expose, type Optics, sense } from '../../../support/streams/pictures/optics.ts';
import { JUDGED_BY, type Place } from '../../../support/streams/pictures/scenes.ts';

/** Of drawn pictures (docs/picture-health.md). All strengths of all places are in `test/long/streams`. */
const STRENGTHS = [0.3, 0.9];

t.test('each fault of a picture is told, and what only looks like one is not', async (t) => {
  const cases = JUDGED_BY.flatMap((place) => casesOf(place, STRENGTHS));
  const wrong = cases.filter(({ label, told }) => told.join() !== (label ?? ''));
  t.strictSame(wrong, [], 'cases that were judged otherwise');
  for (const fault of PICTURE_FAULTS) {
    const { precision, recall } = scoreOf(cases, fault);
    t.ok(precision >= 0.95 && recall >= 0.9, `${fault}: precision ${precision}, recall ${recall}`);
  }
});

t.test('nobody says that a camera is well again which was covered or blurred before it was looked at', async (t) => {
  const [{ day }] = JUDGED_BY as [Place];
  const dice = new Dice(7);
  const judged = (memory: PictureMemory, times: number, optics: Optics) => {
    const light = expose(day, 91, optics);
    let next = memory;
    for (let at = 0; at < times; at += 1) {
      const atMs = (next.last?.atMs ?? 0) + 20_000;
      next = judgePicture(next, { picture: sense(light, dice, 2), atMs, isStill: false }, []);
    }
    return next;
  };
  const covered = judged(NO_PICTURES, 10, { cover: { share: 1, level: 0.4 } });
  t.equal(covered.held.covered.is, null, 'it may as well be a wall');
  t.equal(judged(covered, 25, {}).held.covered.is, false, 'something is to be seen again');
  const blurred = judged(NO_PICTURES, 10, { blur: 40 });
  t.equal(blurred.held.blurred.is, null);
  t.equal(judged(blurred, 3, {}).held.blurred.is, false);
});
