import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { commandInProcess } from '../../support/gateway/command-line.ts';
import { ADMIN_TOKEN, Gateway } from '../../support/gateway/gateway.ts';
import { temporaryDirectory } from '../../support/services/services.ts';
import { lentInflux, lentServices } from '../../support/services/shared-database.ts';
import { until } from '../../support/time/until.ts';

// A busy machine takes several times what a quiet one does.
t.setTimeout(240_000);

const gateway = await Gateway.start(t, {
  ...(await lentServices(t)),
  ...lentInflux(t),
  CITYWATCH_RULES_APPROVAL: 'other-person',
});
const sent: string[] = [];

const draft = (version: number, above: number) => `
rule: kiosk-full
version: ${version}
title: { en: Recycling kiosk is full, zh: 回收箱已满 }
severity: minor
class: incident
kinds: [recycling-kiosk]
condition:
  type: threshold
  any: [{ field: fill_pct, above: ${above}, clear_below: 20 }]
`;

async function fill(id: string, levels: readonly number[], area?: string): Promise<void> {
  const secret = await gateway.register({ id, ...(area ? { jurisdiction: area } : {}) });
  for (const [index, fill_pct] of levels.entries()) {
    const body = { ts: Date.now(), id: `${id}-${index}`, values: { fill_pct } };
    const token = `${id}:${secret}`;
    t.equal((await gateway.api('POST', `/devices/${id}/telemetry`, { token, body })).status, 202);
    // Sent once more: a duplicate is judged by nobody.
    t.equal((await gateway.api('POST', `/devices/${id}/telemetry`, { token, body })).status, 202);
  }
  sent.push(id);
}

async function tokenFor(jurisdiction: string, role: string): Promise<string> {
  const { status, body } = await gateway.api('POST', '/tokens', {
    body: { name: `${role}-${jurisdiction}`, role, jurisdiction },
  });
  t.equal(status, 201);
  return body.token;
}

async function tried(body: object, token?: string) {
  const asked = await gateway.api('POST', '/rules/dry-runs', { body, ...(token ? { token } : {}) });
  t.equal(asked.status, 202, asked.text);
  const path = `/rules/dry-runs/${asked.body.id}`;
  return await until('the dry run is over', async () => {
    const { body: run } = await gateway.api('GET', path, token ? { token } : {});
    return run.state === 'running' ? null : { ...run, path };
  });
}

t.test('a draft says what it would have raised, and raises nothing', async (t) => {
  await fill('kiosk-a', [10, 60, 10]);
  await fill('kiosk-b', [10, 30, 10]);
  await fill('kiosk-c', [60, 10], '330212');
  await gateway.settledLedger();
  const before = (await gateway.get('/alerts')).items.length;
  const to = new Date().toISOString();
  const asked = { yaml: draft(9, 50), from: new Date(Date.now() - 600_000).toISOString(), to };
  const run = await tried(asked);
  t.match(run, { rule: 'kiosk-full', version: 9, state: 'done', progress: 1 });
  t.match(run.answer, {
    messages: 16,
    devices: 3,
    draft: { version: 9, alerts: 2, subjects: 2 },
    same: 0,
    warnings: [],
  });
  t.same(run.answer.onlyDraft.map((one: { subject: { id: string } }) => one.subject.id).sort(), ['kiosk-a', 'kiosk-c']);
  t.ok(run.answer.onlyDraft.every((one: { clearedAt: string | null }) => one.clearedAt !== null));
  t.ok(run.answer.from >= asked.from && run.answer.to <= to, 'it says the stretch it had');
  t.equal((await gateway.get('/alerts')).items.length, before);
  const again = await tried(asked);
  t.equal(JSON.stringify(again.answer), JSON.stringify(run.answer), 'asked again, it is the same, byte for byte');
  t.ok((await gateway.get('/rules/dry-runs')).items.length >= 2);
});

t.test('nobody is told of another district, or of what another tried', async (t) => {
  const here = await tokenFor('330212', 'commander');
  const run = await tried({ yaml: draft(9, 50) }, here);
  t.match(run.answer, { devices: 1, draft: { alerts: 1 }, onlyDraft: [{ subject: { id: 'kiosk-c' } }] });
  t.notMatch(JSON.stringify(run), /kiosk-a/);
  t.equal((await gateway.api('GET', run.path)).status, 404, 'not even an administrator');
  t.equal((await gateway.api('POST', `${run.path}/cancel`, { body: {} })).status, 404);
  const viewer = await tokenFor('330212', 'viewer');
  t.equal((await gateway.api('POST', '/rules/dry-runs', { token: viewer, body: { yaml: draft(9, 50) } })).status, 403);
});

t.test('a recorded file stands in for what was received, and raises nothing', async (t) => {
  const line = (at: number, fill_pct: number, device = 'kiosk-a') =>
    JSON.stringify({
      receivedAt: 1_795_161_600_000 + at,
      device,
      channel: 'telemetry',
      payload: { values: { fill_pct } },
    });
  const send = async (text: string, token?: string) =>
    await gateway.api('POST', '/rules/recordings', {
      body: Buffer.from(text),
      headers: { 'content-type': 'application/x-ndjson' },
      ...(token ? { token } : {}),
    });
  const bad = await send(`${line(0, 10)}\n${line(1, 10, 'no id')}`);
  t.match([bad.status, bad.body.issues], [400, [{ path: 'line 2, device' }]]);
  const { body: kept, status } = await send([line(0, 10), line(1, 60), line(2, 10), line(3, 60, 'kiosk-c')].join('\n'));
  t.equal(status, 201);
  const before = (await gateway.get('/alerts')).items.length;
  const run = await tried({ yaml: draft(9, 50), recording: kept.id });
  t.match(run.answer, { draft: { alerts: 2 }, recording: { lines: 4, leftOut: 0 } });
  const twice = await tried({ yaml: draft(9, 50), recording: kept.id });
  t.equal(JSON.stringify(twice.answer), JSON.stringify(run.answer), 'byte for byte');
  t.equal((await gateway.get('/alerts')).items.length, before);
  const here = await tokenFor('330212', 'commander');
  const stolen = { token: here, body: { yaml: draft(9, 50), recording: kept.id } };
  t.equal((await gateway.api('POST', '/rules/dry-runs', stolen)).status, 404);
  const own = await send([line(0, 60), line(3, 60, 'kiosk-c')].join('\n'), here);
  const theirs = await tried({ yaml: draft(9, 50), recording: own.body.id }, here);
  t.match(theirs.answer, { draft: { alerts: 1 }, recording: { lines: 2, leftOut: 1 } });
  const both = { yaml: draft(9, 50), recording: kept.id, from: '2026-01-01T00:00:00Z' };
  t.equal((await gateway.api('POST', '/rules/dry-runs', { body: both })).status, 400);
  const path = `/rules/recordings/${kept.id}`;
  t.equal((await gateway.api('DELETE', path)).status, 428);
  t.equal((await gateway.api('DELETE', path, { headers: { 'if-match': '"1"' } })).status, 204);
});

t.test('a recorded file is tried by a command, which leaves nothing of it behind', async (t) => {
  const directory = await temporaryDirectory(t);
  const [rule, recorded] = [join(directory, 'draft.yaml'), join(directory, 'recorded.ndjson')];
  const lines = [10, 60, 10].map((fill_pct, at) =>
    JSON.stringify({ receivedAt: at, device: 'kiosk-a', channel: 'telemetry', payload: { values: { fill_pct } } }),
  );
  await writeFile(rule, draft(9, 50));
  await writeFile(recorded, lines.join('\n'));
  const settings = { CITYWATCH_DATA_DIR: gateway.directory, CITYWATCH_ADMIN_TOKEN: ADMIN_TOKEN };
  const tell = () => commandInProcess(['rule', 'dry-run', rule, '--recording', recorded], settings);
  const first = await tell();
  t.match(first, { status: 0, stdout: /^lines: 3, left out 0, refused 0$/m });
  t.match(first.stdout, /^alerts: draft 1, version \d+ 0; the same 0$/m);
  t.match(first.stdout, /^ {2}1970-01-01T00:00:00\.001Z {2}1970-01-01T00:00:00\.002Z {2}device kiosk-a {2}1 times$/m);
  t.equal((await tell()).stdout.replace(/^\d+ %\n/gm, ''), first.stdout.replace(/^\d+ %\n/gm, ''), 'byte for byte');
  t.same((await gateway.get('/rules/recordings')).items, []);
});

t.test('a draft that is wrong is told its line', async (t) => {
  const { status, body } = await gateway.api('POST', '/rules/dry-runs', {
    body: { yaml: draft(9, 50).replace('fill_pct', 'fil_pct') },
  });
  t.equal(status, 400);
  t.match(JSON.stringify(body), /:\d+ condition.*fil_pct/);
  const late = { yaml: draft(9, 50), from: '2026-01-02T00:00:00Z', to: '2026-01-01T00:00:00Z' };
  t.match((await gateway.api('POST', '/rules/dry-runs', { body: late })).status, 400);
});

t.test('two of one person go on at a time, however many are asked for at once', async (t) => {
  const body = { yaml: draft(9, 50) };
  const begun = await Promise.all([1, 2, 3, 4, 5].map(() => gateway.api('POST', '/rules/dry-runs', { body })));
  const answers = begun.map(({ status }) => status);
  t.ok(answers.every((status) => status === 202 || status === 409) && answers.includes(202), answers.join(' '));
  const running = (await gateway.get('/rules/dry-runs')).items.filter(
    (run: { state: string }) => run.state === 'running',
  );
  t.ok(running.length <= 2, `${running.length} go on`);
  for (const { id } of running) await gateway.api('POST', `/rules/dry-runs/${id}/cancel`, { body: {} });
});

t.test('one that is under way when the gateway is killed comes to its end', async (t) => {
  const { body } = await gateway.api('POST', '/rules/dry-runs', { body: { yaml: draft(9, 50) } });
  await gateway.stop('SIGKILL');
  await gateway.start();
  const over = () => gateway.get(`/rules/dry-runs/${body.id}`).then((run) => (run.state === 'done' ? run : null));
  t.match((await until('it is over', over)).answer, { draft: { alerts: 2 } });
});

t.test('a rule that another person approved raises alerts, outlives a kill, and ends by the API', async (t) => {
  const wish = { yaml: draft(9, 50), reason: 'kiosks overflow' };
  const own = await gateway.api('POST', '/rules', { body: { ...wish, yaml: draft(8, 50) } });
  const asker = await tokenFor('000000', 'admin');
  const token = await tokenFor('000000', 'approver');
  const byOwn = await gateway.api('POST', `/rules/versions/${own.body.id}/approve`, { token, body: {} });
  t.equal(byOwn.status, 403, 'nor by a token of their making');
  const back = await gateway.api('POST', `/rules/versions/${own.body.id}/reject`, { body: { why: 'asked anew' } });
  t.equal(back.status, 200);
  const asked = await gateway.api('POST', '/rules', { token: asker, body: wish });
  t.equal(asked.status, 201, asked.text);
  t.equal(asked.body.state, 'asked');
  const path = `/rules/versions/${asked.body.id}`;
  t.equal((await gateway.api('POST', `${path}/approve`, { token: asker, body: {} })).status, 403, 'not who asked');
  t.match((await gateway.api('POST', `${path}/approve`, { token, body: {} })).body, { state: 'in-force' });
  await gateway.stop('SIGKILL');
  await gateway.start();
  const inForce = async () =>
    (await gateway.get('/rules')).items.find((one: { rule: string }) => one.rule === 'kiosk-full');
  t.match(await inForce(), { version: 9, condition: { any: [{ above: 50 }] } });
  await fill('kiosk-d', [60]);
  const alertOf = async () => (await gateway.get('/alerts?device=kiosk-d')).items[0];
  t.match(await until('it is an alert', alertOf), { rule: 'kiosk-full@9', condition: 'active' });
  const end = await gateway.api('POST', '/rules/kiosk-full/end', {
    token: asker,
    body: { reason: 'nobody wants it' },
  });
  const ended = await gateway.api('POST', `/rules/versions/${end.body.id}/approve`, { token, body: {} });
  t.match(ended.body, { version: 10, yaml: null, state: 'in-force' });
  t.equal(await inForce(), undefined);
  t.match(await alertOf(), { condition: 'stale', conditionReason: 'rule-removed' });
});
