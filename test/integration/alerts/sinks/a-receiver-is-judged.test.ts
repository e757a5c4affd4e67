import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';
import t, { type Test } from 'tap';
import { newSecret } from '../../../support/alerts/alert-desk.ts';
import { startAlertsApi } from '../../../support/alerts/alerts-api.ts';
import { HERE } from '../../../support/api/api.ts';

const { ask } = await startAlertsApi(t);
const secret = newSecret();

type Answering = (request: IncomingMessage, body: string, response: ServerResponse) => void;

async function judge(t: Test, answering: Answering) {
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    answering(request, body, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const made = await ask('POST', '/subscriptions', { payload: { name: 'judged', url, jurisdiction: HERE, secret } });
  const { id } = made.body as { id: string };
  const answer = await ask('POST', `/subscriptions/${id}/test`, { payload: { judge: true } });
  t.equal(answer.status, 200, answer.text);
  await ask('DELETE', `/subscriptions/${id}`);
  const checks = (answer.body as { checks: { name: string; verdict: string; says: string }[] }).checks;
  const verdicts = Object.fromEntries(checks.map(({ name, verdict }) => [name, verdict]));
  return { answer, checks, verdicts };
}

const ALL_PASSED = {
  taken: 'passed',
  again: 'passed',
  'wrong-signature': 'passed',
  'no-signature': 'passed',
  'changed-body': 'passed',
  'old-timestamp': 'passed',
};

t.test('one that checks signatures and does each thing once passes', async (t) => {
  const done = new Map<string, number>();
  const { verdicts, answer } = await judge(t, ({ headers }, body, response) => {
    try {
      new Webhook(secret).verify(body, headers as Record<string, string>);
    } catch {
      response.writeHead(401).end();
      return;
    }
    const id = String(headers['webhook-id']);
    done.set(id, 1);
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ effects: done.get(id) }));
  });
  t.strictSame(verdicts, ALL_PASSED);
  t.match(answer.body, { outcome: 'taken', status: 200, reason: null });
  t.equal(done.size, 1, 'what it must refuse has ids of its own');
});

t.test('one that takes everything and acts each time fails in each way, and is told what to do', async (t) => {
  const seen = new Map<string, number>();
  const { verdicts, checks } = await judge(t, ({ headers }, _body, response) => {
    const id = String(headers['webhook-id']);
    seen.set(id, (seen.get(id) ?? 0) + 1);
    response.writeHead(200).end(JSON.stringify({ effects: seen.get(id) }));
  });
  const failed = Object.fromEntries(Object.keys(ALL_PASSED).map((name) => [name, 'failed']));
  t.strictSame(verdicts, { ...failed, taken: 'passed' });
  t.match(checks.find(({ name }) => name === 'again')?.says, /happened 2 times: remember webhook-id/);
});

t.test('what cannot be seen is said to be unclear', async (t) => {
  const { verdicts } = await judge(t, ({ headers }, body, response) => {
    try {
      new Webhook(secret).verify(body, headers as Record<string, string>);
      response.writeHead(204).end();
    } catch {
      response.writeHead(500).end();
    }
  });
  t.match(verdicts, { again: 'unclear', 'wrong-signature': 'unclear' });
});

t.test('one that refuses a repetition, or ends the subscription for a forgery, is told so', async (t) => {
  const seen = new Set<string>();
  const { verdicts } = await judge(t, ({ headers }, body, response) => {
    try {
      new Webhook(secret).verify(body, headers as Record<string, string>);
      const isAgain = seen.has(String(headers['webhook-id']));
      seen.add(String(headers['webhook-id']));
      response.writeHead(isAgain ? 409 : 204).end();
    } catch {
      response.writeHead(410).end();
    }
  });
  t.match(verdicts, { again: 'failed', 'wrong-signature': 'failed', 'old-timestamp': 'failed' });
});

t.test('one that is not there is asked nothing more', async (t) => {
  const { answer, checks } = await judge(t, (_request, _body, response) => void response.destroy());
  t.match(answer.body, { outcome: 'failed', status: null, reason: /reset/ });
  t.equal(checks.length, 1);
});
