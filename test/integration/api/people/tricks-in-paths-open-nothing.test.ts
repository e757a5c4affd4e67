import { once } from 'node:events';
import fs from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import { syncBuiltinESMExports } from 'node:module';
import t from 'tap';
import { listen } from '../../../../src/api/server/server.ts';
import { bearer, CAMERA, startApi, TOKENS } from '../../../support/api/api.ts';

/** Ways out of a folder, to another file, or to the end of a name (H11 of the reference, and what cameras report). */
const TRICKS = [
  '..%2f..%2f..%2fetc%2fpasswd',
  '%2e%2e',
  '%2e%2e%2f%2e%2e%2fcitywatch.yaml',
  '%252e%252e%252fpasswd',
  '..%5c..%5cwindows',
  '%2fetc%2fpasswd',
  '%2f%2fhost%2fshare',
  'live.m3u8%00.jpg',
  '%c0%ae%c0%ae%c0%afpasswd',
  '%ef%bc%8e%ef%bc%8e%ef%bc%8fpasswd',
  'file:%2f%2f%2fetc%2fpasswd',
  'concat:a%7cb',
  '-i',
  'constructor',
  '__proto__',
  'CON',
  `${'a'.repeat(300)}.mp4`,
  '0123456789abcdef.mp4.exe',
  '1-1.mp4%20',
  '*',
];

/** Where a name or an id of a file stands in a path. */
const PLACES = [
  (name: string) => `/streams/${name}/live.m3u8?purpose=x`,
  (name: string) => `/streams/${name}/snapshot.jpg?purpose=x`,
  (name: string) => `/streams/${CAMERA}/${name}?purpose=x`,
  (name: string) => `/streams/${name}/recordings/1-1.mp4?purpose=x`,
  (name: string) => `/streams/${CAMERA}/recordings/${name}?purpose=x`,
  (name: string) => `/streams/${name}/playback.m3u8?purpose=x&from=2026-01-01T00:00:00Z&to=2026-01-01T01:00:00Z`,
  (name: string) => `/streams/${CAMERA}/clips/${name}/clip.mp4?purpose=x`,
  (name: string) => `/recording-exports/${name}/export.tar`,
  (name: string) => `/images/${name}?purpose=x`,
  (name: string) => `/photos/${name}`,
];

const OPENS = ['open', 'openSync', 'readFile', 'readFileSync', 'createReadStream'] as const;

t.test('a name with tricks is not found, wherever it stands, and no file is opened for it', async (t) => {
  const { app } = await startApi(t, {});
  const { url } = await listen(app, { host: '127.0.0.1', port: 0 });
  const { hostname, port } = new URL(url);
  // As it is written: clients that know better would take `..` out.
  const get = async (path: string): Promise<number | undefined> => {
    const asked = request({ hostname, port, path: `/api/v1${path}`, headers: bearer(TOKENS.admin), agent: false });
    const [answer] = (await once(asked.end(), 'response')) as [IncomingMessage];
    answer.resume();
    return answer.statusCode;
  };
  // What the server reads for its first answer.
  await get('/streams/nobody/live.m3u8?purpose=x');
  const opened: string[] = [];
  for (const name of OPENS) {
    const real = fs[name] as (...args: unknown[]) => unknown;
    const noted = (...args: unknown[]) => {
      opened.push(String(args[0]));
      return real(...args);
    };
    Object.assign(fs, { [name]: noted });
    t.teardown(() => {
      Object.assign(fs, { [name]: real });
      syncBuiltinESMExports();
    });
  }
  const open = fs.promises.open;
  fs.promises.open = async (...args) => {
    opened.push(String(args[0]));
    return open(...args);
  };
  syncBuiltinESMExports();
  t.teardown(() => {
    fs.promises.open = open;
  });
  for (const place of PLACES) {
    const answers = new Map<string, number>();
    for (const trick of TRICKS) {
      const status = await get(place(trick));
      if (status !== 404) answers.set(trick, status ?? 0);
    }
    t.strictSame(Object.fromEntries(answers), {}, place('NAME'));
  }
  t.strictSame(
    opened.filter((path) => !/node_modules|\.test\.ts$/.test(path)),
    [],
  );
});
