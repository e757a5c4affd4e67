import { spawn } from 'node:child_process';
import { once } from 'node:events';
import t from 'tap';
import { systemClock } from '../../../../src/core/clock.ts';
import { createObserver, KnownSecrets } from '../../../../src/core/observe.ts';
import { Outbound } from '../../../../src/platform/outbound/outbound.ts';
import { Influx2Store } from '../../../../src/telemetry/stores/influx2.ts';
import { judge } from '../../../support/judges.ts';
import { freePort } from '../../../support/network/free-port.ts';
import { until } from '../../../support/time/until.ts';

const observer = createObserver({ level: 'silent', secrets: new KnownSecrets() });
const http = new Outbound({ clock: systemClock, observer });
t.teardown(() => http.close());

/** Speaks the write half of InfluxDB 2.x, without organizations, tokens, Flux or text: a judge of the wire only. */
async function startVictoriaMetrics(): Promise<string> {
  const { command, env } = await judge('victoria-metrics');
  const port = await freePort();
  const options = [`-storageDataPath=${t.testdir()}`, `-httpListenAddr=127.0.0.1:${port}`, '-retentionPeriod=100y'];
  const server = spawn(command, [...options, '-memory.allowedBytes=64MB'], { env, stdio: 'ignore' });
  t.teardown(async () => {
    server.kill('SIGKILL');
    if (server.exitCode === null && server.signalCode === null) await once(server, 'exit');
  });
  const url = `http://127.0.0.1:${port}`;
  await until('VictoriaMetrics answers', async () => (await fetch(`${url}/health`).catch(() => null))?.ok === true);
  return url;
}

t.test('a server of another maker reads what we post to /api/v2/write, plain and compressed', async (t) => {
  const url = await startVictoriaMetrics();
  const { signal } = new AbortController();
  const account = {
    token: 'any-token',
    org: 'any org',
    bucket: 'any/bucket',
    retentionDays: { raw: 90, fiveMinutes: 365, hour: 1_825 },
  };
  for (const gzip of [false, true]) {
    const store = new Influx2Store({ url, ...account, gzip }, { http });
    const device = gzip ? 'compressed' : 'plain';
    const lines = Array.from({ length: 2_000 }, (_, i) => {
      return `kiosk,dev=${device},jur=330200 f=${i}.5,s="烟" ${1_767_571_200_000 + i}000001`;
    });
    t.strictSame(await store.write(lines, signal), { rejected: [] });
    await fetch(`${url}/internal/force_flush`);
    const answer = await fetch(`${url}/api/v1/export?match[]=${encodeURIComponent(`kiosk_f{dev="${device}"}`)}`);
    const rows = (await answer.text())
      .trim()
      .split('\n')
      .map((row) => JSON.parse(row) as { values: number[] });
    const values = rows.flatMap((row) => row.values).sort((a, b) => a - b);
    t.strictSame(
      values,
      Array.from({ length: 2_000 }, (_, i) => i + 0.5),
      device,
    );
  }
});
