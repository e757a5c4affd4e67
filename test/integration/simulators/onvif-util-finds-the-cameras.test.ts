import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t from 'tap';
import { judge } from '../../support/judges.ts';
import { inNewNetwork } from '../../support/network/new-network.ts';

interface Said {
  status: number | null;
  said: string;
}

interface World {
  found: Said;
  talk: Said;
  refused: Said;
  without: Said;
  expected: { stream: string; serial: string }[];
}

t.test("Debian's onvif-util discovers the cameras and talks to one", async (t) => {
  const [util, ip] = [await judge('onvif-util'), await judge('ip')];
  const script = join(import.meta.dirname, '../../support/devices/onvif-util-world.ts');
  const [command = '', ...words] = inNewNetwork();
  const node = [
    process.execPath,
    ...process.execArgv,
    script,
    ip.command,
    util.command,
    util.env.LD_LIBRARY_PATH ?? '',
  ];
  const { stdout } = await promisify(execFile)(command, [...words, ...node], { timeout: 60_000 });
  const { found, talk, refused, without, expected } = JSON.parse(stdout) as World;
  t.match(found, { status: 0, said: /Found 2 cameras/ });
  t.match(found.said, /127\.64\.45\.1 .*Gate 1/);
  t.match(found.said, /127\.64\.45\.2 .*Gate 2/);
  t.equal(talk.status, 0);
  for (const text of [expected[0]?.stream, expected[0]?.serial, 'profile_sub', '768 x 576', '127.64.45.1']) {
    t.ok(talk.said.includes(text ?? 'nothing'), String(text));
  }
  // In seconds, with the way there and back, which takes one now and then; a wrong clock is hours or years off.
  t.match(talk.said, /Time Offset: -?\d\b/);
  t.notMatch(talk.said, /ERROR/);
  t.match(refused, { status: 1, said: /NotAuthorized/ });
  t.match(without.said, /Found 1 camera/, 'a camera without power does not answer');
});
