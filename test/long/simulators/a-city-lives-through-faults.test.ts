import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { isStopped, processesBelow } from '../../../simulators/faults/signals.ts';
import { descendantsOf, stillThere } from '../../support/process-tree.ts';
import { ROOT } from '../../support/root.ts';
import { type Run, simulate as runCommand, verdictOf } from '../../support/simulators/command.ts';
import { until } from '../../support/time/until.ts';

t.setTimeout(600_000);

const GONE_MS = 90_000;
const RAMPS_MORE = 4;

/** Everything that can be made to happen, in a minute and a half, to a gateway of its own. */
const CITY = `
city: rough
title: { zh: 测试, en: Rough }
plan: none
home: 浙B
middle: { lat: 29.87, lon: 121.55, radiusKm: 5 }
districts: ["330203", "330205"]
fleets:
  - name: kiosk
    kind: recycling-kiosk
    count: 60
    periodS: 10
    habits: { duplicates: 0.02, reordered: 0.02, broken: 0.02, clockSkewS: 5, withoutIds: 0.1 }
  - { name: ap, kind: wifi-ap, count: 30, periodS: 10, speech: { version: 5 } }
  - { name: sign, kind: sign, count: 4, periodS: 10, speech: { protocol: http } }
timeline:
  - { atS: 5, do: full, fleet: kiosk, count: 40, forS: 60, alertWithinS: 15 }
  - { atS: 8, do: fire, fleet: kiosk, count: 12, forS: 5, alertWithinS: 5, clearWithinS: 100 }
  - { atS: 10, do: attack, fleet: ap, count: 3, forS: 20, perS: 30 }
  - { atS: 12, do: swap, fleet: ap, count: 2 }
  - { atS: 32, do: stop, program: influxd, forS: 10 }
  - { atS: 48, do: network, district: "330203", fault: silence, forS: 8 }
  - { atS: 62, do: network, district: "330203", fault: reset, forS: 4 }
  - { atS: 72, do: kill, program: redis-server }
  - { atS: 84, do: stop, program: postgres, forS: 6 }
  - { atS: 96, do: kill, program: postgres }
  - { atS: 98, do: fire, fleet: kiosk, count: 2, forS: 10, alertWithinS: 5 }
`;

/** There are none in this city. */
const OF_CAMERAS = /camera|video/;

function simulate(t: Test, city: string, words: readonly string[]): Run {
  return runCommand(t, t.testdir(), { city, words });
}

t.test('our gateway keeps its promises through all of it', async (t) => {
  const run = simulate(t, CITY, ['--for', '130s']);
  t.equal(await run.ended, 0, run.lines.slice(-60).join('\n'));
  const { verdict, promises, events, alerts, examples } = verdictOf(run);
  t.equal(verdict, 'kept', examples.join('\n'));
  const unjudged = promises.filter(({ kept, name }) => kept === null && !OF_CAMERAS.test(name));
  t.match(unjudged, [{ name: 'acknowledged before it was on the disk' }], 'all else was judged');
  t.equal(unjudged.length, 1);
  t.ok(alerts.storms > 0 && alerts.parts > 10, `${alerts.parts} alerts stood in ${alerts.storms} storms`);
  t.equal(events.length, 11);
  t.match(
    readFileSync(join(run.out, 'report.html'), 'utf8'),
    /network silence[\s\S]*all well after s|all well after s[\s\S]*network silence/,
  );
});

/** A run whose database stands still, and everything below it. */
async function stopped(t: Test) {
  const timeline = 'timeline: [{ atS: 2, do: stop, program: postgres, forS: 600 }]';
  const run = simulate(t, CITY.replace(/timeline:[\s\S]*/, timeline), ['--for', '10m']);
  const pid = run.child.pid ?? 0;
  await until('the database stands still', () => processesBelow(pid, 'postgres').some(isStopped), GONE_MS);
  return { run, family: descendantsOf(pid) };
}

t.test('Ctrl-C amid a fault leaves nothing stopped', async (t) => {
  const { run, family } = await stopped(t);
  run.child.kill('SIGINT');
  await run.ended;
  await until('nothing is left', () => stillThere(family).length === 0, GONE_MS).catch(() => {});
  t.same(stillThere(family), []);
  t.equal(verdictOf(run).events.length, 1, 'and what there was is judged');
});

t.test('what a run that was killed amid a fault has stopped goes on when it is cleaned up, and ends', async (t) => {
  const { run, family } = await stopped(t);
  const [, prefix = ''] = /--clean (sim-\w+-)/.exec(run.lines.join('\n')) ?? [];
  run.child.kill('SIGKILL');
  await once(run.child, 'exit');
  const clean = spawn(join(ROOT, 'scripts/citywatch'), ['simulate', '--clean', prefix], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  clean.stdout.on('data', (chunk) => {
    text += chunk;
  });
  const [status] = await once(clean, 'close');
  t.equal(status, 0);
  t.match(text, /^\d+ stopped processes go on/);
  await until('nothing is left', () => stillThere(family).length === 0, GONE_MS).catch(() => {});
  t.same(stillThere(family), []);
});

t.test('a ramp finds a rate that is safe', async (t) => {
  let run = simulate(t, CITY.replace(/timeline:[\s\S]*/, ''), ['--ramp', '--for', '5s']);
  // On a machine that is busy with other work the generator is late, and says that nothing is known of the gateway.
  for (let more = 0; (await run.ended) !== 0 && more < RAMPS_MORE; more += 1) {
    t.match(run.lines.join('\n'), /the generator itself was the bottleneck/);
    run = simulate(t, CITY.replace(/timeline:[\s\S]*/, ''), ['--ramp', '--for', '5s']);
  }
  t.equal(await run.ended, 0, run.lines.slice(-30).join('\n'));
  t.match(
    run.lines.join('\n'),
    /The largest safe rate: \d+ messages a second|keeps up with \d+ messages a second at least/,
  );
  const { safe, steps } = JSON.parse(readFileSync(join(run.out, 'ramp.json'), 'utf8'));
  t.ok(safe.perS > 50 && steps.length > 3);
});
