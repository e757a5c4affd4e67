import t from 'tap';
import { CityFile } from '../../../web/src/map/canvas/city-file.ts';

t.test('a file of tiles that is replaced while a page is open is told, so that it is read anew', async (t) => {
  let file = { etag: '"1"', status: 206 };
  t.intercept(globalThis, 'fetch', {
    value: async () => new Response('bytes', { status: file.status, headers: { etag: file.etag } }),
  });
  const city = new CityFile();
  const { etag } = await city.getBytes(0, 5);
  t.equal(etag, '"1"');
  t.equal((await city.getBytes(5, 5, undefined, etag)).data.byteLength, 5);
  file = { etag: '"2"', status: 206 };
  await t.rejects(city.getBytes(5, 5, undefined, etag), { message: 'another file' });
  file = { etag: '"3"', status: 416 };
  await t.rejects(city.getBytes(5, 5, undefined, etag), { message: 'another file' }, 'also one that is shorter');
  file = { etag: '"3"', status: 503 };
  await t.rejects(city.getBytes(5, 5, undefined, etag), { message: 'status 503' });
});
