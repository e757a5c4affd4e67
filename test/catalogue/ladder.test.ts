import { join } from 'node:path';
import t from 'tap';
import { Ladder } from '../../src/alerts/ladder/ladder.ts';
import { TOP } from '../../src/alerts/ladder/levels.ts';
import { SEVERITIES } from '../../src/alerts/rules/rules.ts';
import { ROOT } from '../support/root.ts';

t.test('the ladder that comes along tells every severity further up, the graver the sooner', async (t) => {
  const ladder = await Ladder.load(join(ROOT, 'config/ladder.yaml'));
  const minutesTo = (severity: string): (number | null)[] => {
    const times: (number | null)[] = Array(TOP + 1).fill(null);
    let level = 0;
    let minutes = 0;
    for (let next = ladder.next(severity, level); next; next = ladder.next(severity, level)) {
      minutes += next.afterMs / 60_000;
      level = next.level;
      times[level] = minutes;
    }
    return times;
  };
  t.strictSame(Object.fromEntries(SEVERITIES.map((one) => [one, minutesTo(one)])), {
    extreme: [null, 0, 0],
    severe: [null, 0, 5],
    moderate: [null, 10, 30],
    minor: [null, 30, null],
  });
});
