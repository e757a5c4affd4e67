import t from 'tap';
import type { Finding } from '../../../src/app/doctor.ts';
import { refuseProblems } from '../../../src/app/doctor.ts';
import { judgeRedis } from '../../../src/app/doctor-servers.ts';
import { quietObserver } from '../../support/services.ts';

function info(values: { version?: string; policy?: string; aof?: string }): string {
  const { version = '7.0.15', policy = 'noeviction', aof = '1' } = values;
  const lines = ['# Server', `redis_version:${version}`, `maxmemory_policy:${policy}`, `aof_enabled:${aof}`, ''];
  return lines.join('\r\n');
}

function levels(findings: Finding[]): string[] {
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
  const warning: Finding = { level: 'warning', part: 'disk', what: '5 GiB free', remedy: 'make room' };
  const problem: Finding = { level: 'problem', part: 'clock', what: 'it is 1970', remedy: 'set it' };
  refuseProblems([warning], quietObserver());
  const message = 'clock: it is 1970; set it.';
  t.throws(() => refuseProblems([warning, problem], quietObserver()), { code: 'service.failed', message });
});
