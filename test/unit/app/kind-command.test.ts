import { fileURLToPath } from 'node:url';
import t from 'tap';
import { main } from '../../../src/app/cli.ts';
import { KnownSecrets } from '../../../src/core/observe.ts';

const CAMERA = fileURLToPath(new URL('../../../config/kinds/camera.yaml', import.meta.url));

t.test('wrong words after `kind` are told in one sentence, with status 2', async (t) => {
  const cases: [string[], RegExp][] = [
    [[], /kind needs dry-run FILE/],
    [['reload'], /kind needs dry-run FILE/],
    [['dry-run'], /needs the path/],
    [['dry-run', '/no/such/file'], /cannot be read/],
    [['dry-run', CAMERA, '--hours', '25'], /--hours must be above 0 and at most 24/],
    [['dry-run', CAMERA, '--hours', 'x'], /--hours must be above 0/],
  ];
  for (const [words, expected] of cases) {
    const said: string[] = [];
    const terminal = { print: () => {}, complain: (line: string) => void said.push(line), secrets: new KnownSecrets() };
    t.equal(await main(['kind', ...words], terminal), 2, words.join(' '));
    t.match(said, [expected]);
  }
});
