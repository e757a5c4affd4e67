import type { FastifyInstance } from 'fastify';
import { dutyRoutes, type FakeDuty, someDuty } from './fake-duty.ts';
import { type FakePassages, passageRoutes, somePassages } from './fake-passages.ts';
import { type FakeWatchlists, someLists, watchlistRoutes } from './fake-watchlists.ts';

/** What the views for search and shift ask a gateway for. */
export interface FakeShift {
  passages: FakePassages;
  watchlists: FakeWatchlists;
  people: { id: string; username: string; name: string; role: string }[];
  duty: FakeDuty;
}

const PEOPLE = (
  [
    ['p-chen', 'chen.jing', '陈静', 'approver', false],
    ['p-wang', 'wang.wei', '王伟', 'operator', true],
    ['p-li', 'li.na', 'li.na', 'operator', true],
  ] as const
).map(([id, username, name, role, onDuty]) => ({ id, username, name, role, onDuty, jurisdiction: '330203' }));

export function someShift(): FakeShift {
  return { passages: somePassages(Date.now()), watchlists: someLists(), people: PEOPLE, duty: someDuty() };
}

export function shiftRoutes(app: FastifyInstance, fake: { shift: FakeShift }): void {
  passageRoutes(app, fake.shift);
  watchlistRoutes(app, fake.shift);
  dutyRoutes(app, fake.shift);
  app.get('/api/v1/users/names', async () => {
    return { items: fake.shift.people.map(({ id, username, name }) => ({ id, username, name })) };
  });
  app.get('/api/v1/duty/people', async (request) => {
    const { can = 'alerts.handle' } = request.query as { can?: string };
    const isApprover = ({ role }: { role: string }) => role === 'approver';
    return { items: fake.shift.people.filter((one) => isApprover(one) === (can === 'watchlists.approve')) };
  });
}
