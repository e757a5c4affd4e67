import t from 'tap';
import { diskFiles } from '../../../src/ingest/journal/files.ts';
import { Intake } from '../../../src/ingest/uplinks/common/intake.ts';
import { bearer, DEVICE_SECRET, KIOSK, startApi } from '../../support/api/api.ts';
import { UNTROUBLED } from '../../support/ingest/intake.ts';
import { openJournal, readAll, temporaryDirectory } from '../../support/ingest/journal.ts';
import { until } from '../../support/time/until.ts';

const MESSAGES = 200;
const SENDERS = 10;
const headers = { ...bearer(`${KIOSK}:${DEVICE_SECRET}`), 'content-type': 'application/json' };

t.test('while the disk is full nothing is answered 202 and dropped, in either lane', async (t) => {
  let freeBytes = 100_000;
  const files = { ...diskFiles, freeBytes: async () => freeBytes };
  const options = { files, reserveBytes: 50_000, groupDelayMs: 0 };
  const live = await openJournal({ directory: await temporaryDirectory(t), options });
  const bulk = await openJournal({ directory: await temporaryDirectory(t), options });
  t.teardown(() => Promise.all([live.close(), bulk.close()]));
  const { call } = await startApi(t, { intake: new Intake({ live, bulk }, UNTROUBLED) });

  for (const [lane, journal] of Object.entries({ live, bulk })) {
    freeBytes = 100_000;
    const statuses = new Map<number, number>();
    const payload = (n: number) => `{"id":"m-${n}","values":{"fill_pct":1}}${' '.repeat(1_000)}`;
    const send = async (n: number) => {
      const url = `/api/v1/devices/${KIOSK}/telemetry?lane=${lane}`;
      const answer = await call({ method: 'POST', url, headers, payload: payload(n) });
      statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
      if (answer.status !== 202) {
        t.match(answer.body, { status: 503, code: 'ingest.full' });
        t.equal(answer.headers['retry-after'], '5');
      }
      return answer.status === 202;
    };
    const acked: number[] = [];
    const waiting = Array.from({ length: MESSAGES }, (_, n) => n);
    const sender = async () => {
      for (let n = waiting.shift(); n !== undefined; n = waiting.shift()) {
        if (await send(n)) acked.push(n);
        else refused.push(n);
      }
    };
    let refused: number[] = [];
    await Promise.all(Array.from({ length: SENDERS }, sender));
    t.ok(statuses.get(202)! > 0 && statuses.get(503)! > 0, `${lane}: some were taken, others sent away`);
    t.equal((await readAll(journal)).length, acked.length, 'exactly what was acked is there');

    freeBytes = 10_000_000;
    await until('there is room again', () => !journal.full());
    // A look at the disk that began while it was full may still say so: whoever is sent away comes again.
    while (refused.length > 0) {
      waiting.push(...refused);
      refused = [];
      await Promise.all(Array.from({ length: SENDERS }, sender));
    }
    const kept = (await readAll(journal)).map(({ raw }) => Number(/m-(\d+)/.exec(raw.toString())?.[1]));
    t.same(
      kept.sort((a, b) => a - b),
      Array.from({ length: MESSAGES }, (_, n) => n),
      'each is there once',
    );
  }
});
