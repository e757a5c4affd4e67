import t from 'tap';
import type { Part } from '../../../../src/streams/fmp4/parser.ts';
import { enginesConform } from '../../../support/streams/engine/engine-conformance.ts';
import { startFfmpeg, startThreads } from '../../../support/streams/engine/engines.ts';
import { TestCamera } from '../../../support/streams/rtsp-camera.ts';
import { hasty } from '../../../support/time/clock.ts';
import { until } from '../../../support/time/until.ts';

/** They mostly wait for pictures. */
const sideBySide = () => ({ buffered: true });
t.jobs = 3;

t.test('ffmpeg', sideBySide(), (t) => enginesConform(t, startFfmpeg));
t.test('threads', sideBySide(), (t) => enginesConform(t, startThreads));

t.test('a thread that eats memory, hangs or throws loses its runs, and the next one works', sideBySide(), async (t) => {
  const program = new URL('../../../support/streams/engine/bad-thread.ts', import.meta.url);
  // Whoever is called off and hangs is not waited for as long as in a gateway.
  const engine = await startThreads(t, { program, clock: hasty(() => 5) });
  const camera = await TestCamera.start(t);
  const pull = (url: string, signal: AbortSignal) => {
    const parts: Part[] = [];
    const onPart = (part: Part) => void parts.push(part);
    return { parts, outcome: engine.run({ deviceId: url, camera: { url }, admit: async () => null, onPart }, signal) };
  };
  for (const fault of ['eats-memory', 'throws', 'hangs']) {
    const over = new AbortController();
    const neighbour = pull(camera.url, over.signal);
    await until('the neighbour is pulled', () => neighbour.parts.length >= 2);
    const bad = pull(`rtsp://127.64.0.1:1/${fault}`, over.signal);
    // Nothing but the watchdog of a pull notices a thread that hangs.
    if (fault === 'hangs') over.abort('stalled');
    t.match(await bad.outcome, { reason: 'ffmpeg' }, fault);
    t.match(await neighbour.outcome, { reason: 'ffmpeg' }, 'and who was in the same thread');
  }
  const over = new AbortController();
  const again = pull(camera.url, over.signal);
  await until('pictures again', () => again.parts.length >= 2);
  over.abort('unwanted');
  t.match(await again.outcome, { reason: 'stopped' });
});

t.test('a thread is told what was taken of it, and what it left out is counted', async (t) => {
  let dropped = 0;
  const program = new URL('../../../support/streams/engine/telling-thread.ts', import.meta.url);
  const count = (fragments: number): void => {
    dropped += fragments;
  };
  const engine = await startThreads(t, { program, dropped: count });
  let parts = 0;
  const camera = { url: 'rtsp://127.64.0.1/' };
  const run = { deviceId: 'cam', camera, admit: async () => null, onPart: () => void parts++ };
  t.equal(await engine.run(run, new AbortController().signal), 'unfit');
  t.same({ parts, dropped }, { parts: 50, dropped: 7 });
});

t.test('a run that begins while an idle thread is being ended gets another one', async (t) => {
  const program = new URL('../../../support/streams/engine/telling-thread.ts', import.meta.url);
  const engine = await startThreads(t, { program });
  const over = new AbortController();
  const run = (path: string, onPart = () => {}) => {
    const camera = { url: `rtsp://127.64.0.1/${path}` };
    return engine.run({ deviceId: path, camera, admit: async () => null, onPart }, over.signal);
  };
  const staying = Array.from({ length: 32 }, () => run('stays'));
  let parts = 0;
  let late = Promise.resolve<unknown>(null);
  const begun = new Promise<void>((resolve) => {
    const lastPart = () => {
      parts += 1;
      if (parts < 50) return;
      // Its end comes right behind its last part, and then nothing is left in its thread.
      setImmediate(() => {
        late = run('stays');
        resolve();
      });
    };
    void run('ends', lastPart);
  });
  await begun;
  over.abort('unwanted');
  t.match(await late, { reason: 'stopped' });
  t.ok((await Promise.all(staying)).every((outcome) => outcome !== 'unfit' && outcome.reason === 'stopped'));
});
