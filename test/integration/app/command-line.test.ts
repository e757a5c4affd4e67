import { execFile } from 'node:child_process';
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { type CommandRun, commandInProcess } from '../../support/gateway/command-line.ts';
import { CITYWATCH } from '../../support/gateway/program.ts';
import { temporaryDirectory } from '../../support/services/services.ts';

const SCRIPTS = join(import.meta.dirname, '../../../scripts');

function citywatch(args: string[], env: Record<string, string> = {}): Promise<CommandRun> {
  return node([CITYWATCH, ...args], env);
}

function node(args: string[], env: Record<string, string> = {}): Promise<CommandRun> {
  const options = { env: { PATH: process.env.PATH ?? '', ...env } };
  return new Promise((resolve) => {
    execFile(process.execPath, args, options, (error, stdout, stderr) => {
      resolve({ status: error ? Number(error.code) : 0, stdout, stderr });
    });
  });
}

t.test('help lists exactly the commands there are, and each explains itself', async (t) => {
  const { status, stdout } = await citywatch(['--help']);
  t.equal(status, 0);
  const names = [...stdout.matchAll(/^ {2}(\w+) /gm)].map(([, name = '']) => name);
  t.ok(names.includes('serve') && names.includes('doctor') && names.includes('token'));
  for (const name of names) {
    const help = await commandInProcess([name, '--help']);
    t.equal(help.status, 0, name);
    t.match(help.stdout, `usage: citywatch ${name}`);
  }
});

t.test('wrong words, options and settings end with status 2 and say what would be right', async (t) => {
  const wrong: [string[], Record<string, string>, RegExp][] = [
    [['serv'], {}, /^There is no command serv; did you mean serve\?\n$/],
    [['doctor', '--fast'], {}, /^Unknown option '--fast'; see citywatch doctor --help\n$/],
    [['plan'], {}, /^plan needs --group, --registry, or both\n$/],
    [['plan', '--group', 'private:3'], {}, /the class must be one of public, key-site, minors\n$/],
    [['plan', '--group', 'public:3:0'], {}, /MBIT must be a number from 0.05 to 100\n$/],
    [['plan', '--group', 'public:3', '--disk', 'x'], {}, /^--disk must be a number from 0.1 to 1000\n$/],
    [['token', 'create', '--name', 'x'], {}, /^token create needs --role, --jurisdiction\n$/],
    [
      ['doctor'],
      { CITYWATCH_HTTP_PORT: 'many' },
      /CITYWATCH_HTTP_PORT: "many" is not a whole number from 0 to 65535\n$/,
    ],
    [['doctor'], { CITYWATCH_HTTP_PROT: '1' }, /did you mean CITYWATCH_HTTP_PORT\?\n$/],
  ];
  for (const [args, env, message] of wrong) {
    const { status, stdout, stderr } = await commandInProcess(args, env);
    t.equal(status, 2, args.join(' '));
    t.equal(stdout, '');
    t.match(stderr, message);
  }
  t.match(await citywatch(['serv']), { status: 2, stdout: '', stderr: /^There is no command serv/ });
});

t.test('plan says what the cameras of a city need', async (t) => {
  const { status, stdout } = await commandInProcess(['plan', '--group', 'public:148', '--group', 'key-site:2052:4:30']);
  t.equal(status, 0);
  t.match(stdout, /^public +148 +4 +24 +30 +192 TB +0 B$/m);
  t.match(stdout, /^2200 cameras, video of 2\.85 PB: 2\.85 PB here \(100 %\), 0 B in the cameras/m);
  t.match(stdout, /^Room here: 2\.99 PB, with 5 %/m);
  t.match(stdout, /^While all are recorded: 8\.8 Gbit\/s; links of 10 Gbit\/s: 2/m);
});

t.test('doctor ends with status 1 when there is a problem, with a remedy', async (t) => {
  const env = { CITYWATCH_DATA_DIR: await temporaryDirectory(t), FFMPEG_PATH: '/no/such/ffmpeg' };
  const { status, stdout } = await commandInProcess(['doctor'], {
    ...env,
    CITYWATCH_HTTP_PORT: '0',
    CITYWATCH_MQTT_PORT: '0',
  });
  t.equal(status, 1);
  t.match(stdout, /PROBLEM {2}ffmpeg: \/no\/such\/ffmpeg cannot be run\n +→ install ffmpeg/);
});

t.test('a Node that is too old gets one sentence and status 2 before anything is installed', async (t) => {
  const old = "Object.defineProperty(process.versions, 'node', { value: '20.20.1' });";
  const { status, stdout, stderr } = await node([
    '-e',
    `${old} import(${JSON.stringify(join(SCRIPTS, 'prepare.mjs'))})`,
  ]);
  t.equal(status, 2);
  t.equal(stdout, '');
  t.equal(stderr, 'citywatch needs Node 20.20.2 or newer and this is 20.20.1; install a newer Node.\n');
});

t.test('set-up sees when the npm packages are not those of the lockfile', async (t) => {
  const wanted = {
    '': {},
    'node_modules/a': { version: '1.0.0', integrity: 'x' },
    'node_modules/b': { version: '2.0.0', optional: true },
  };
  const cases: [unknown, boolean][] = [
    [{ 'node_modules/a': { version: '1.0.0', integrity: 'x' } }, true],
    [{ 'node_modules/a': { version: '1.0.1', integrity: 'x' } }, false],
    [{ 'node_modules/a': { version: '1.0.0', integrity: 'y' } }, false],
    [{}, false],
  ];
  for (const [there, fits] of cases) {
    const root = t.testdir({ node_modules: {}, 'package-lock.json': JSON.stringify({ packages: wanted }) });
    await writeFile(join(root, 'node_modules', '.package-lock.json'), JSON.stringify({ packages: there }));
    const setup = JSON.stringify(join(SCRIPTS, 'setup.mjs'));
    const code = `const { packagesFit } = await import(${setup}); console.log(packagesFit(${JSON.stringify(root)}));`;
    const { stdout } = await node(['--input-type=module', '-e', code]);
    t.equal(stdout.trim(), String(fits), JSON.stringify(there));
  }
});

t.test('set-up sees that the Node it brought does not run here, and says what is missing', async (t) => {
  const library = 'error while loading shared libraries: libatomic.so.1: cannot open shared object file';
  const broken = join(t.testdir({ node: `#!/bin/sh\necho "node: ${library}" >&2\nexit 127\n` }), 'node');
  await chmod(broken, 0o755);
  const setup = JSON.stringify(join(SCRIPTS, 'setup.mjs'));
  const ask = async (path: string) => {
    const code =
      `const { whyNodeFails, howWithoutLibrary } = await import(${setup});` +
      `const why = whyNodeFails(${JSON.stringify(path)}); console.log(why === null ? 'runs' : howWithoutLibrary(why));`;
    return (await node(['--input-type=module', '-e', code])).stdout.trim();
  };
  t.equal(await ask(process.execPath), 'runs');
  const told = await ask(broken);
  t.ok(told.startsWith(`The Node that citywatch brings does not run here: node: ${library}.`), told);
  t.match(told, / Install libatomic1 or what your system calls it\.$/);
  t.match(await ask('/no/such/node'), /does not run here: .*ENOENT/);
});
