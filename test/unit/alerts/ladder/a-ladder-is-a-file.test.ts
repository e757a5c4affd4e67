import t from 'tap';
import { Ladder } from '../../../../src/alerts/ladder/ladder.ts';
import { CitywatchError } from '../../../../src/core/errors.ts';

const file = (moderate: string) => `extreme: {}\nsevere: { city: 5 }\nmoderate: ${moderate}\nminor: { county: 30 }\n`;

t.test('each level waits for as long as the file says, from the one before on', async (t) => {
  const ladder = Ladder.parse(file('{ county: 10, city: 30 }'), 'ladder.yaml');
  t.strictSame(ladder.next('moderate', 0), { level: 1, afterMs: 600_000 });
  t.strictSame(ladder.next('moderate', 1), { level: 2, afterMs: 1_200_000 });
  t.equal(ladder.next('moderate', 2), null);
  t.strictSame(ladder.next('severe', 0), { level: 2, afterMs: 300_000 }, 'a level without a time is passed over');
  t.equal(ladder.next('minor', 1), null);
  t.equal(ladder.next('extreme', 0), null);
  t.equal(Ladder.NONE.next('extreme', 0), null);
});

t.test('a wrong file is refused, with the place of what is wrong', async (t) => {
  const wrong: [string, string][] = [
    [file('{ county: 10, city: 5 }'), 'moderate.city'],
    [file('{ county: -1 }'), 'moderate.county'],
    [file('{ county: 1.5 }'), 'moderate.county'],
    [file('{ country: 1 }'), 'moderate'],
    [file('[]'), 'moderate'],
    ['extreme: {}\n', 'severe'],
    ['extreme: {', 'ladder.yaml'],
    ['', ''],
  ];
  for (const [text, path] of wrong) {
    try {
      Ladder.parse(text, 'ladder.yaml');
      t.fail(`${text} is taken`);
    } catch (error) {
      t.ok(error instanceof CitywatchError && error.code === 'config.invalid', String(error));
      t.ok(
        (error as CitywatchError).issues?.some((issue) => issue.path === path),
        `${text}: ${JSON.stringify(error)}`,
      );
    }
  }
});
