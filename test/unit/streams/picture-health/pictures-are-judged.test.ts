import t from 'tap';
import { PICTURE_FAULTS } from '../../../../src/streams/picture-health/judges.ts';
import { casesOf, scoreOf } from '../../../support/streams/pictures/cases.ts';
import { JUDGED_BY } from '../../../support/streams/pictures/scenes.ts';

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
