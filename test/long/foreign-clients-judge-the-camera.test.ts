import { execFile } from 'node:child_process';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import t from 'tap';
import { judge } from '../support/judges.ts';
import { inNewNetwork } from '../support/network/new-network.ts';
import { startCameras } from '../support/streams/cameras.ts';
import { until } from '../support/time/until.ts';

/**
 * Two clients of others that are made from the WSDL of ONVIF. The three that need less (onvif-util, npm onvif and
 * node-onvif) judge the camera in test/integration/simulators.
 */
const run = promisify(execFile);
const SUPPORT = join(import.meta.dirname, '../support/devices');
const WSDL = join(import.meta.dirname, '../fixtures/onvif/wsdl');

interface Asked {
  operation: string;
  answer?: unknown;
  fault?: string;
  error?: string;
}

t.test('zeep, strict, finds in every answer what the schema wants and nothing else', async (t) => {
  const zeep = await judge('zeep');
  const cameras = await startCameras(t);
  const camera = await cameras.start({ address: '127.64.72.1', onvifAuth: 'wsse', head: true, rebootMs: 1_000 });
  const ask = async (password: string) => {
    const words = [join(SUPPORT, 'zeep-client.py'), WSDL, new URL(camera.xaddr).origin, 'admin', password];
    const { stdout } = await run(zeep.command, words, { env: zeep.env, timeout: 120_000 });
    return JSON.parse(stdout) as Record<string, Asked[]>;
  };
  const told = await ask(camera.account.password);
  await until('it goes away, as it was told to', () => !camera.alive);
  await until('and comes back', () => camera.alive);
  for (const [service, questions] of Object.entries(told)) {
    const wrong = questions.filter(({ fault, error }) => fault ?? error);
    t.same(wrong, [], service);
  }
  const counts = Object.entries(told).map(([service, questions]) => `${service} ${questions.length}`);
  t.same(counts, ['device 18', 'media 9', 'media2 8', 'imaging 4', 'ptz 4', 'restart 1']);
  const last = (service: string) => told[service]!.at(-1)!.answer;
  const profiles = told.media2!.map(({ answer }) => answer)[2] as { Configurations: Record<string, unknown> }[];
  t.match(profiles[0]!.Configurations, {
    VideoSource: { SourceToken: 'source' },
    VideoEncoder: { Encoding: 'H264', Resolution: { Width: 768, Height: 576 } },
    PTZ: { NodeToken: String },
  });
  t.match(last('restart'), String);
  t.match(last('imaging'), { Brightness: 61, IrCutFilter: 'OFF', Contrast: 50 });
  t.match(last('device'), { DaylightSavings: true, TimeZone: { TZ: 'GMT0BST,M3.5.0/1,M10.5.0' } });
  t.same(camera.settings.ntp.servers, ['10.0.0.1']);
  t.equal(camera.head!.orders.join(' '), 'ContinuousMove Stop');
  const refused = await ask('wrong');
  t.match(refused.media![1], { operation: 'GetProfiles', fault: /not Authorized/ });
});

t.test("ZoneMinder's zmonvif-probe finds it behind a network interface", async (t) => {
  const [ip, probe] = await Promise.all([judge('ip'), judge('zmonvif-probe')]);
  const perl = join(dirname(probe.command), 'perl');
  // It fails with what the system refuses where nobody may make a network of their own.
  const [command = '', ...words] = inNewNetwork();
  const world = [process.execPath, join(SUPPORT, 'discovery-world.ts'), ip.command, 'probe'];
  const { stdout } = await run(command, [...words, ...world, perl, probe.command, 'probe', '1.2'], {
    env: { ...process.env, ...probe.env },
    timeout: 90_000,
  });
  t.match(stdout, /http:\/\/10\.77\.1\.2(:80)?\/onvif\/device_service, 1\.2/);
  t.match(stdout, /Gate(%20| )1/);
});

t.test("ZoneMinder's zmonvif-probe lists its profiles and streams", async (t) => {
  const probe = await judge('zmonvif-probe');
  const cameras = await startCameras(t);
  for (const [index, media] of (['both', 'media'] as const).entries()) {
    const camera = await cameras.start({
      address: `127.64.72.${index + 2}`,
      onvifAuth: 'wsse',
      media,
      password: 'right1',
    });
    const perl = join(dirname(probe.command), 'perl');
    const words = [probe.command, 'profiles', camera.xaddr, '1.2', 'admin', 'right1'];
    const { stdout } = await run(perl, words, { env: probe.env, timeout: 60_000 });
    t.match(stdout, camera.streamUrl('main'), media);
    t.match(stdout, /profile_main, main, H264, 768, 576/);
    t.match(stdout, /profile_sub/);
  }
});
