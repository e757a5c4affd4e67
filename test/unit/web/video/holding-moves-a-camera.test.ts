import t from 'tap';
import { Hold } from '../../../../web/src/video/stage/hold.ts';

const LEFT = { pan: -1, tilt: 0, zoom: 0 };
const UP = { pan: 0, tilt: 1, zoom: 0 };

function held() {
  const said: string[] = [];
  const ticks = new Set<() => void>();
  const answers: { resolve(): void; reject(error: Error): void }[] = [];
  const answer = (text: string) => {
    said.push(text);
    return new Promise<void>((resolve, reject) => answers.push({ resolve, reject }));
  };
  const hold = new Hold({
    move: ({ pan, tilt }) => answer(`move ${pan} ${tilt}`),
    stop: () => answer('stop'),
    every: (_ms, run) => {
      ticks.add(run);
      return () => ticks.delete(run);
    },
    failed: (error) => said.push(String(error)),
  });
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  const tick = async () => {
    for (const run of ticks) run();
    await settle();
  };
  const answered = async () => {
    answers.shift()?.resolve();
    await settle();
  };
  return { hold, said, ticks, tick, answered, answers, settle };
}

t.test('as long as it is held it is said again, then the camera is stopped', async (t) => {
  const { hold, said, ticks, tick, answered } = held();
  hold.press('left', LEFT);
  hold.press('left', LEFT);
  await tick();
  t.same(said, ['move -1 0'], 'not before there is an answer');
  await answered();
  await tick();
  t.same(said, ['move -1 0', 'move -1 0']);
  hold.release('up');
  t.equal(ticks.size, 1, 'another key that is let go changes nothing');
  hold.release('left');
  t.equal(ticks.size, 0);
  t.equal(said.length, 2, 'the stop waits for the move before it');
  await answered();
  t.same(said.at(-1), 'stop');
});

t.test('another way takes the place of the one before, and is not stopped by it', async (t) => {
  const { hold, said, tick, answered } = held();
  hold.press('left', LEFT);
  await answered();
  hold.release();
  hold.press('up', UP);
  await answered();
  await tick();
  t.notOk(said.includes('stop'));
  t.equal(said.at(-1), 'move 0 1');
});

t.test('who is refused is not asked again', async (t) => {
  const { hold, said, ticks, answers, settle } = held();
  hold.press('left', LEFT);
  answers.shift()?.reject(new Error('somebody else has it'));
  await settle();
  t.same(said, ['move -1 0', 'Error: somebody else has it']);
  t.equal(ticks.size, 0);
  hold.release('left');
  await settle();
  t.equal(said.length, 2);
});
