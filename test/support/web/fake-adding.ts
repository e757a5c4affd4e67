import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { FakeDevices } from './fake-devices.ts';

const JOB = '00000000-0000-4000-8000-000000000001';
const COUNTS = { create: 2, change: 0, same: 1, error: 1 };

/** Routes by which devices are registered: one, what a search found, many from a file. */
export function addingRoutes(app: FastifyInstance, devices: FakeDevices): void {
  app.post('/api/v1/devices', (request, reply) => {
    const body = request.body as { id?: string; location: { lat: number }; confirm?: boolean };
    if (body.location.lat === 0 && body.confirm !== true) {
      const detail = 'This place lies in the sea: send confirm=true where it is meant.';
      return reply.code(409).send({ code: 'request.confirm', detail });
    }
    devices.done.push({ what: 'POST /devices', body });
    return reply.code(201).send({ ...body, id: body.id ?? 'made-up', secret: 'a-secret-that-is-shown-once' });
  });
  app.post('/api/v1/devices/check', (request) => {
    devices.done.push({ what: 'POST /devices/check', body: request.body });
    const hint = 'Use the right password.';
    const step = { name: 'login', grade: 'failed', seen: null, problem: 'auth', hint, tookMs: 9 };
    return { grade: 'failed', cause: step, steps: [step], at: new Date().toISOString(), tookMs: 9, unit: null };
  });
  searching(app, devices);
  files(app, devices);
}

function searching(app: FastifyInstance, devices: FakeDevices): void {
  const search = { id: JOB, state: 'done', found: 2, addresses: 0, asked: 0 };
  app.post('/api/v1/discoveries', (request, reply) => {
    devices.done.push({ what: 'POST /discoveries', body: request.body });
    return reply.code(202).send({ ...search, state: 'running', found: 0 });
  });
  app.get('/api/v1/discoveries/:id', () => search);
  app.get('/api/v1/discoveries/:id/found', () => {
    const one = { how: 'probe', maker: 'ACME', model: 'C1', serial: null, name: null, answer: 'told' };
    return {
      items: [
        { ...one, door: '10.1.2.3:80', xaddr: 'http://10.1.2.3/onvif', registered: 'no', devices: [] },
        { ...one, door: '10.1.2.4:80', xaddr: 'http://10.1.2.4/onvif', registered: 'address', devices: ['cam-0'] },
      ],
    };
  });
}

function files(app: FastifyInstance, devices: FakeDevices): void {
  app.addContentTypeParser('application/octet-stream', { parseAs: 'string' }, (_request, body, done) => {
    done(null, body);
  });
  let secretsWaiting = 2;
  const status = () => ({ id: JOB, state: 'done', done: 4, rows: 4, counts: COUNTS, secretsWaiting });
  app.post('/api/v1/devices/import', (request: FastifyRequest, reply) => {
    const query = request.query as { dryRun?: string };
    if (query.dryRun !== 'true') {
      devices.done.push({ what: 'POST /devices/import', body: request.body });
      return reply.code(202).send({ ...status(), state: 'waiting', done: 0 });
    }
    const row = { id: 'a', fields: [], faults: [] };
    const wrong = { column: 'lat', message: 'must be a number' };
    return {
      columns: ['id'],
      unknownColumns: ['<b>颜色</b>'],
      counts: COUNTS,
      items: [
        { ...row, line: 2, verdict: 'create' },
        { ...row, line: 3, verdict: 'same' },
        { ...row, line: 4, verdict: 'error', faults: [wrong] },
        { ...row, line: 5, verdict: 'create' },
      ],
    };
  });
  app.get('/api/v1/imports/:id', status);
  app.post('/api/v1/imports/:id/secrets', () => {
    secretsWaiting = 0;
    return { items: [{ id: 'a', secret: 's' }] };
  });
}
