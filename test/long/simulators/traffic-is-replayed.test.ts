import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { verdict as verdictSchema } from '../../../simulators/report/verdict.ts';
import { ADMIN_TOKEN, Gateway } from '../../support/gateway/gateway.ts';
import { ROOT } from '../../support/root.ts';

t.setTimeout(600_000);

const CITY = `
city: short
title: { zh: 测试, en: Short }
plan: none
home: 浙B
middle: { lat: 29.87, lon: 121.55, radiusKm: 5 }
districts: ["330203"]
fleets:
  - { name: kiosk, kind: recycling-kiosk, count: 10, periodS: 2 }
  - { name: gate, kind: checkpoint, count: 1, periodS: 5, traits: { lanes: 2, passagesPerDay: 80000 } }
`;

async function simulate(words: readonly string[]): Promise<{ status: number; text: string }> {
  const child = spawn(join(ROOT, 'scripts/citywatch'), ['simulate', ...words], { stdio: ['ignore', 'pipe', 'pipe'] });
  const said: string[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (part) => said.push(String(part)));
  const [status] = await once(child, 'close');
  return { status, text: said.join('') };
}

t.test('what a city said to a gateway is recorded there, and said again at twice the pace', async (t) => {
  const gateway = await Gateway.start(t);
  const directory = t.testdir();
  const [city, token, file] = ['city.yaml', 'token', 'recording'].map((name) => join(directory, name)) as [
    string,
    string,
    string,
  ];
  writeFileSync(city, CITY);
  writeFileSync(token, ADMIN_TOKEN, { mode: 0o600 });
  const at = ['--gateway', gateway.httpUrl, '--mqtt', `mqtt://127.0.0.1:${gateway.mqttPort}`, '--token-file', token];
  const first = await simulate([city, ...at, '--for', '20s', '--keep', '--out', join(directory, 'first')]);
  t.equal(first.status, 0, first.text);
  const recorded = await simulate(['record', file, ...at.slice(0, 2), ...at.slice(4), '--for', '5m']);
  t.equal(recorded.status, 0, recorded.text);
  t.match(recorded.text, /11 devices, \d{2,} records/);
  const text = readFileSync(file, 'utf8');
  t.notMatch(text, /sim-[0-9a-f]{4}-/, 'no id of a device');
  const out = join(directory, 'second');
  const again = await simulate(['replay', file, '--speed', '20', '--out', out]);
  t.equal(again.status, 0, again.text);
  const { kinds, verdict } = verdictSchema.parse(JSON.parse(readFileSync(join(out, 'verdict.json'), 'utf8')));
  t.equal(verdict, 'kept');
  const records = kinds.reduce((sum, row) => sum + row.records, 0);
  t.equal(records, text.trim().split('\n').length - 1 - 11, 'each record, once');
  t.ok(kinds.every((row) => row.records === row.stored));
});
