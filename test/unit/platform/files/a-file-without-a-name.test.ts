import { readdir, readlink } from 'node:fs/promises';
import t from 'tap';
import { spooled } from '../../../../src/platform/files/spool.ts';
import { temporaryDirectory } from '../../../support/services/services.ts';

const directory = await temporaryDirectory(t);
async function* pieces(...texts: readonly (string | Error)[]): AsyncGenerator<Buffer> {
  for (const text of texts) {
    if (text instanceof Error) throw text;
    yield Buffer.from(text);
  }
}
async function read(bytes: AsyncIterable<Buffer>): Promise<string> {
  const all: Buffer[] = [];
  for await (const piece of bytes) all.push(piece);
  return Buffer.concat(all).toString();
}
/** Files of this process below the directory that are open, whether they have a name or not. */
async function open(): Promise<number> {
  const links = (await readdir('/proc/self/fd')).map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => ''));
  return (await Promise.all(links)).filter((path) => path.startsWith(directory)).length;
}

t.test('what came is read as it came, and nobody finds it beside', async (t) => {
  const spool = await spooled(pieces('one', 'two'), { directory, bytesMax: 6 });
  t.same(await readdir(directory), [], 'it has no name');
  t.equal(await open(), 1);
  t.equal(await read(spool.read()), 'onetwo');
  t.equal(await read(spool.read()), 'onetwo', 'and once more');
  await spool.close();
  t.equal(await open(), 0);
});

t.test('what is too large or breaks off leaves nothing', async (t) => {
  const tooLarge = spooled(pieces('one', 'two'), { directory, bytesMax: 5 });
  await t.rejects(tooLarge, { code: 'request.too-large', message: /5 bytes/ });
  await t.rejects(spooled(pieces('one', new Error('hung up')), { directory, bytesMax: 5 }), { message: 'hung up' });
  t.same(await readdir(directory), []);
  t.equal(await open(), 0);
});

t.test('where the directory is not there nothing is read', async (t) => {
  const from = pieces('one');
  await t.rejects(spooled(from, { directory: `${directory}/away`, bytesMax: 5 }), { code: 'ENOENT' });
  t.same(await from.next(), { value: Buffer.from('one'), done: false });
});
