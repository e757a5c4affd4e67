import t from 'tap';
import type { Remark } from '../../../../src/app/doctor/doctor.ts';
import { refuseProblems } from '../../../../src/app/doctor/doctor.ts';
import { judgeTimeKeeping } from '../../../../src/app/doctor/machine.ts';
import { judgeInflux1, judgeRedis, judgeSkew } from '../../../../src/app/doctor/servers.ts';
import { judgeExpiry } from '../../../../src/app/doctor/tls.ts';
import { judgeBroker } from '../../../../src/ingest/uplinks/broker/check.ts';
import { quietObserver } from '../../../support/services/services.ts';

function info(values: { version?: string; policy?: string; aof?: string }): string {
  const { version = '7.0.15', policy = 'noeviction', aof = '1' } = values;
  const lines = ['# Server', `redis_version:${version}`, `maxmemory_policy:${policy}`, `aof_enabled:${aof}`, ''];
  return lines.join('\r\n');
}

function levels(findings: Remark[]): string[] {
  return findings.map(({ level, part }) => `${level} ${part}`);
}

t.test('Redis is judged by what INFO says', async (t) => {
  t.same(levels(judgeRedis(info({}))), ['fine redis']);
  t.same(levels(judgeRedis(info({ version: '6.2.0' }))), ['fine redis']);
  t.match(judgeRedis(info({ version: '6.0.16' })), [{ level: 'problem', what: /6\.0\.16 is older than 6\.2/ }]);
  t.match(judgeRedis(info({ policy: 'allkeys-lru' })), [{ level: 'problem', remedy: /maxmemory-policy noeviction/ }]);
  t.match(judgeRedis(info({ aof: '0' })), [{ level: 'warning', remedy: /appendonly yes/ }]);
  t.equal(judgeRedis('').length, 3, 'an answer that says nothing is not trusted');
});

t.test('a start is refused for problems, all in one sentence with their remedies, and not for warnings', async (t) => {
  const warning: Remark = { level: 'warning', part: 'disk', what: '5 GiB free', remedy: 'make room' };
  const problem: Remark = { level: 'problem', part: 'clock', what: 'it is 1970', remedy: 'set it' };
  refuseProblems([warning], quietObserver());
  const message = 'clock: it is 1970; set it.';
  t.throws(() => refuseProblems([warning, problem], quietObserver()), { code: 'service.failed', message });
});

t.test('clocks of servers further apart than two seconds are named, and a time nobody told is not', async (t) => {
  t.same(judgeSkew('Redis', 1_000_000, 1_001_900), []);
  t.match(judgeSkew('Redis', 1_002_100, 1_000_000), [{ level: 'warning', what: /Redis is 2100 ms from ours/ }]);
  t.same(judgeSkew('InfluxDB', Number.NaN, 1_000_000), []);
  t.match(judgeTimeKeeping('no\n'), [{ level: 'warning', part: 'clock', remedy: /set-ntp true/ }]);
  for (const said of ['yes\n', '']) t.same(judgeTimeKeeping(said), []);
});

t.test('InfluxDB 1.x: a wrong password, a lack of rights and a missing database are told apart', async (t) => {
  const judge = (status: number, text = '', mayMake = false) =>
    judgeInflux1({ version: '1.8.10', status, text, mayMake }, 'city');
  t.match(judge(401), { level: 'problem', what: 'refuses user or password', remedy: /INFLUX_PASSWORD/ });
  t.match(judge(403), { level: 'problem', what: /too few rights/ });
  t.match(judge(200, '{"values":[["other"]]}'), { level: 'warning', what: /no database "city"/ });
  t.match(judge(200, '{"values":[["city"]]}'), { level: 'fine' });
  t.match(judge(200, '{}', true), { level: 'fine' }, 'the gateway makes it');
});

t.test('a broker that refuses, does not fit or is not there is told apart', async (t) => {
  t.match(judgeBroker({ type: 'unfit', why: 'the broker offers no QoS 1' }), { level: 'problem', what: /QoS 1/ });
  for (const code of [4, 5, 134, 135]) t.match(judgeBroker({ type: 'refused', code }), { remedy: /MQTT_URL/ });
  t.match(judgeBroker({ type: 'refused', code: 133 }), { what: /client id/ });
  t.match(judgeBroker({ type: 'silent', code: 'ENOTFOUND' }), { what: /leads nowhere/, remedy: /host in MQTT_URL/ });
  t.match(judgeBroker({ type: 'silent', code: null }), { what: 'the broker does not answer' });
  t.match(judgeExpiry(1_000, 2_000), { level: 'problem', what: /ended at 1970/ });
});
