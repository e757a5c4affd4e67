import t from 'tap';
import type { Look } from '../../../../src/platform/records/access-register.ts';
import { viewRegister } from '../../../../src/streams/live/view-register.ts';
import type { View } from '../../../../src/streams/pool/types.ts';

const view: View = {
  deviceId: 'cam-1',
  quality: 'sub',
  use: 'live',
  viewer: { type: 'person', id: 'p-1', name: 'Li' },
  purpose: 'patrol',
  case: 'A-7',
};
const jurisdictionOf = (id: string) => (id === 'cam-1' ? '330212' : undefined);

t.test('the row names who, why and for which case, in the district of the camera', async (t) => {
  const rows: Look[] = [];
  await viewRegister({ register: { add: async (look) => void rows.push(look) }, jurisdictionOf })(view);
  const { viewer } = view;
  const row = { viewer, act: 'view', device: 'cam-1', jurisdiction: '330212', purpose: 'patrol', case: 'A-7' };
  t.strictSame(rows, [row]);
});

t.test('nothing is shown of a camera that is not known, or whose look cannot be entered', async (t) => {
  const broken = { add: () => Promise.reject(new Error('the disk is full')) };
  const enter = viewRegister({ register: broken, jurisdictionOf });
  await t.rejects(enter({ ...view, deviceId: 'cam-2' }), { code: 'not-found' });
  await t.rejects(enter(view), { message: 'the disk is full' });
});
