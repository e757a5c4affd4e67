import t from 'tap';
import { PICTURE_FAULTS } from '../../../src/streams/picture-health/judges.ts';
import { casesOf, scoreOf } from '../../support/streams/pictures/cases.ts';
import { CHOSEN_BY, JUDGED_BY } from '../../support/streams/pictures/scenes.ts';

const STRENGTHS = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1];

for (const [name, places] of Object.entries({ CHOSEN_BY, JUDGED_BY })) {
  t.test(`faults of pictures in all strengths, of the places of ${name}`, async (t) => {
    const cases = places.flatMap((place) => casesOf(place, STRENGTHS));
    for (const fault of PICTURE_FAULTS) {
      const { precision, recall } = scoreOf(cases, fault);
      t.comment(`${fault}: precision ${precision.toFixed(3)}, recall ${recall.toFixed(3)} of ${cases.length} cases`);
      t.ok(precision >= 0.95 && recall >= 0.9, fault);
    }
    const falsely = cases.filter(({ label, told }) => label === null && told.length > 0);
    t.strictSame(falsely, [], 'nothing is told of what only looks like a fault');
  });
}
