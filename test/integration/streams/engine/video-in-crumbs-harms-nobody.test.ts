import t from 'tap';
import { systemClock } from '../../../../src/core/clock.ts';
import { createObserver, KnownSecrets } from '../../../../src/core/observe.ts';
import { ThreadEngine } from '../../../../src/streams/engine/thread-engine.ts';
import type { Part } from '../../../../src/streams/fmp4/parser.ts';
import { Packetizer } from '../../../support/streams/h264-source.ts';
import { TestCamera } from '../../../support/streams/rtsp-camera.ts';
import { TEST_NETWORK } from '../../../support/streams/streams.ts';
import { until } from '../../../support/time/until.ts';

const { log } = createObserver({ level: 'silent', secrets: new KnownSecrets() });

/** What hostile cameras send after a while, and how much of it fills the heap of a thread that keeps each crumb. */
const CRUMBLED: Record<string, { bytes: number; wire(number: number): Buffer }> = {
  'a unit that never ends, a byte in each packet': { bytes: 25_000_000, wire: (n) => (n === HONEST ? BEGUN : GOES_ON) },
  'one unit that is a million between start codes': { bytes: 14_000_000, wire: () => CONFETTI },
};
/** Pictures that are sent as they are. */
const HONEST = 5;

/** As many packets as there are sequence numbers, so that the next ones follow. */
const BEGUN = packed([Buffer.from([0x7c, 0x85, 0xff]), ...Array<Buffer>(0xffff).fill(Buffer.from([0x7c, 0x05, 0xff]))]);
const GOES_ON = packed(Array<Buffer>(0x10000).fill(Buffer.from([0x7c, 0x05, 0xff])));
const CONFETTI = packed([Buffer.alloc(7_000_000, '00000141', 'hex')]);
function packed(units: Buffer[]): Buffer {
  return new Packetizer(0).frame(units, 20 * 90_000);
}

t.test('a camera that crumbles its video costs nobody the thread they share', async (t) => {
  for (const [what, { bytes, wire }] of Object.entries(CRUMBLED)) {
    const engine = new ThreadEngine({
      clock: systemClock,
      networks: [TEST_NETWORK],
      megabitsPerS: 800,
      log,
      dropped: () => {},
    });
    t.teardown(() => engine.stop());
    const over = new AbortController();
    const pull = ({ url }: TestCamera) => {
      const parts: Part[] = [];
      const onPart = (part: Part) => void parts.push(part);
      const run = { deviceId: url, camera: { url }, admit: async () => null, onPart };
      return { parts, outcome: engine.run(run, over.signal) };
    };
    const neighbour = pull(await TestCamera.start(t));
    await until('the neighbour is pulled', () => neighbour.parts.length >= 2);
    let begun = 0;
    let sent = 0;
    const crumble = (honest: Buffer): Buffer => {
      begun += 1;
      if (begun < HONEST) return honest;
      const crumbs = wire(begun);
      sent += crumbs.length;
      return crumbs;
    };
    const camera = await TestCamera.start(t, { wire: crumble });
    void pull(camera);
    await until(`${what} was sent`, () => sent > bytes || (begun > 0 && camera.viewers === 0));
    t.comment(what, sent);
    const { length } = neighbour.parts;
    const lost = neighbour.outcome.then(String);
    const goesOn = until('the neighbour goes on', () => neighbour.parts.length > length + 2);
    t.equal(await Promise.race([lost, goesOn]), true, what);
    over.abort('unwanted');
    await camera.stop();
  }
});

const KEY_FRAME = Buffer.from([0x65, 0x88, 0x80]);
/** Two thousand pictures, each a key frame two seconds after the one before. */
const ALL_KEYS = Buffer.concat(
  Array.from({ length: 2_000 }, (_, n) => new Packetizer(0).frame([KEY_FRAME], (n + 20) * 180_000)),
);

t.test('a camera of nothing but key frames, seconds apart, is told of a few times a second', async (t) => {
  let dropped = 0;
  const engine = new ThreadEngine({
    clock: systemClock,
    networks: [TEST_NETWORK],
    megabitsPerS: 60,
    log,
    dropped: (fragments) => {
      dropped += fragments;
    },
  });
  t.teardown(() => engine.stop());
  let sent = 0;
  const wire = (honest: Buffer): Buffer => {
    sent += 1;
    return sent < HONEST ? honest : ALL_KEYS;
  };
  const { url } = await TestCamera.start(t, { wire });
  let parts = 0;
  const over = new AbortController();
  const run = { deviceId: 'keys', camera: { url }, admit: async () => null, onPart: () => void parts++ };
  const outcome = engine.run(run, over.signal);
  await until('some were sent', () => sent > 2 * HONEST);
  await until('much was left out', () => dropped > 1_000 || parts > 1_000);
  t.ok(parts < 150, `${parts} parts`);
  over.abort('unwanted');
  t.match(await outcome, { reason: 'stopped' });
});
