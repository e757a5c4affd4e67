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
city: parts
title: { zh: 测试, en: Parts }
plan: none
home: 浙B
middle: { lat: 29.87, lon: 121.55, radiusKm: 5 }
districts: ["330203"]
fleets:
  - { name: kiosk, kind: recycling-kiosk, count: 30, periodS: 2, habits: { duplicates: 0.05 } }
  - { name: spot, kind: site, count: 5 }
  - { name: ap, kind: wifi-ap, count: 20, periodS: 5, under: spot }
`;
/** On a busy machine it takes a while to start, to register and to connect. */
const BEGINS_AFTER_MS = 45_000;

async function simulate(words: readonly string[]): Promise<{ status: number; text: string }> {
  const child = spawn(join(ROOT, 'scripts/citywatch'), ['simulate', ...words], { stdio: ['ignore', 'pipe', 'pipe'] });
  const said: string[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (part) => said.push(String(part)));
  const [status] = await once(child, 'close');
  return { status, text: said.join('') };
}

t.test('two generators are one city, and their ledgers one verdict', async (t) => {
  const gateway = await Gateway.start(t);
  const directory = t.testdir();
  const [city = '', token = ''] = ['city.yaml', 'token'].map((name) => join(directory, name));
  writeFileSync(city, CITY);
  writeFileSync(token, ADMIN_TOKEN, { mode: 0o600 });
  const at = ['--gateway', gateway.httpUrl, '--mqtt', `mqtt://127.0.0.1:${gateway.mqttPort}`, '--token-file', token];
  const begin = new Date(Date.now() + BEGINS_AFTER_MS).toISOString();
  const same = [...at, '--run', 'rtwo', '--prefix', 'sim-two-', '--begin', begin, '--for', '15s'];
  const parts = await Promise.all(
    [1, 2].map((part) => simulate([city, ...same, '--part', `${part}/2`, '--out', join(directory, `${part}`)])),
  );
  for (const { status, text } of parts) t.equal(status, 0, text);
  const ledgers = [1, 2].map((part) => join(directory, `${part}`, 'ledger.txt'));
  const out = join(directory, 'merged');
  const merged = await simulate(['merge', ...ledgers, '--out', out]);
  t.equal(merged.status, 0, merged.text);
  const { kinds, self, promises } = verdictSchema.parse(JSON.parse(readFileSync(join(out, 'verdict.json'), 'utf8')));
  t.strictSame(
    kinds.map(({ kind, devices }) => [kind, devices]),
    [
      ['recycling-kiosk', 30],
      ['site', 5],
      ['wifi-ap', 20],
    ],
  );
  t.ok(kinds.every(({ sent, acked }) => sent === acked));
  t.ok(self !== null && self.sent > 200);
  t.equal(promises.find(({ name }) => name === 'kinds with a ledger that is wrong')?.kept, true);
  const { text } = await simulate(['--clean', 'sim-two-', '--gateway', gateway.httpUrl, '--token-file', token]);
  t.match(text, /^5\d removed/m);
});
