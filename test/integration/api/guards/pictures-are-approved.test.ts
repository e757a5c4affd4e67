import t from 'tap';
import type { ApiDeps } from '../../../../src/api/deps.ts';
import type { View } from '../../../../src/streams/pool/types.ts';
import { bearer, CAMERA, startApi, TOKENS } from '../../../support/api/api.ts';

const SOMETHING = '00000000-0000-4000-8000-000000000001';

t.test('a picture of minors is approved for an incident only, and by who says which', async (t) => {
  const { deps } = await startApi(t);
  const approved: (string | null)[] = [];
  const approve: ApiDeps['approvedPictures']['approve'] = async (_who, view, input) => {
    approved.push(view.case);
    return { id: SOMETHING, by: 'test', atMs: 0, ...input };
  };
  const approvedPictures = { ...deps.approvedPictures, approve };
  const directory = { ...deps.directory, needsIncident: () => true };
  const { call } = await startApi(t, { approvedPictures, directory });
  const url = `/api/v1/streams/${CAMERA}/approved-pictures`;
  const post = (payload: object) => call({ method: 'POST', url, headers: bearer(TOKENS.admin), payload });
  const asked = { name: 'day', purpose: 'search' };
  t.match(await post(asked), { status: 403, body: { code: 'look.incident-missing' } });
  t.equal((await post({ ...asked, case: 'A-7' })).status, 201);
  t.same(approved, ['A-7']);
});

t.test('an accepted camera is looked at for what it should show, unless it shows minors', async (t) => {
  const { deps } = await startApi(t);
  const looked: View[] = [];
  const approveFirst = async (_who: unknown, view: View) => void looked.push(view);
  const minors = new Set<string>();
  const { call } = await startApi(t, {
    approvedPictures: { ...deps.approvedPictures, approveFirst },
    directory: { ...deps.directory, needsIncident: (id: string) => minors.has(id) },
  });
  const accept = async (id: string) => {
    const payload = { id: SOMETHING, photo: SOMETHING, purpose: 'traffic' };
    const answer = await call({
      method: 'POST',
      url: `/api/v1/devices/${id}/acceptance`,
      headers: bearer(TOKENS.admin),
      payload,
    });
    t.equal(answer.status, 201, answer.text);
  };
  await accept(CAMERA);
  t.match(looked, [{ deviceId: CAMERA, purpose: 'maintenance', case: null }]);
  minors.add(CAMERA);
  await accept(CAMERA);
  await accept('kiosk-1');
  t.equal(looked.length, 1);
});
