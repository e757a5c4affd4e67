import { writeSync } from 'node:fs';
import { workerData } from 'node:worker_threads';

/**
 * Ends the process when its main thread has not counted on for so many rounds. Rounds and not time: while the whole
 * machine stands still nobody is to blame. Plain JavaScript, so that this thread needs no loader and stays small.
 */
const { counter, roundMs, roundsMax } = workerData;
const [BEATS, STOP] = [0, 1];
let before = -1;
for (let silent = 0; silent < roundsMax; silent += 1) {
  if (Atomics.wait(counter, STOP, 0, roundMs) !== 'timed-out') process.exit(0);
  const beats = Atomics.load(counter, BEATS);
  if (beats !== before) silent = 0;
  before = beats;
}
writeSync(
  2,
  `watchdog: the main thread has done nothing for ${(roundsMax * roundMs) / 1000} s; the process is ended\n`,
);
process.kill(process.pid, 'SIGKILL');
