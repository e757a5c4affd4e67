import '../node-version.mjs';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureLists, hasApt, simulate } from '../apt.mjs';
import { ROOT } from '../root.mjs';
import { runScript } from '../setup.mjs';
import { findProgram, run, SetupError, say, withLock } from '../shell.mjs';

/**
 * Programs of others that tests measure us against, by the Debian package they come in. They are unpacked into a cache
 * and never installed, so the machine stays as it was and an ordinary user can run the tests.
 */
const JUDGES = {
  mosquitto_pub: { debian: 'mosquitto-clients', path: 'usr/bin/mosquitto_pub' },
  mosquitto_sub: { debian: 'mosquitto-clients', path: 'usr/bin/mosquitto_sub' },
  mosquitto: { debian: 'mosquitto', path: 'usr/sbin/mosquitto' },
  // The browser itself, not the script that Debian puts before it: that one reads the machine's own settings.
  chromium: { debian: 'chromium-headless-shell', path: 'usr/lib/chromium/chromium-headless-shell' },
  // Chinese letters for screenshots; not a program.
  fonts: { debian: 'fonts-wqy-microhei', path: 'usr/share/fonts/truetype/wqy/wqy-microhei.ttc' },
  // Its package also brings a window program and with it all of Qt, which the tests have no use for.
  'onvif-util': {
    debian: 'onvif-tools',
    path: 'usr/bin/onvif-util',
    only: /^(onvif-tools|libonvif\d|libxml2|libicu\d+)$/,
  },
  // It reads pictures through ImageMagick, which looks for its parts where it was built to be.
  zbarimg: {
    debian: 'zbar-tools',
    path: 'usr/bin/zbarimg',
    env: (directory) => ({
      MAGICK_CONFIGURE_PATH: join(directory, 'etc/ImageMagick-6'),
      MAGICK_CODER_MODULE_PATH: librariesOf(directory)
        .map((path) => join(path, 'ImageMagick-6.9.11/modules-Q16/coders'))
        .join(':'),
    }),
  },
  mediainfo: { debian: 'mediainfo', path: 'usr/bin/mediainfo' },
  // Debian's has no part for RTSP (live555); it plays files and HLS.
  vlc: {
    debian: 'vlc-bin',
    more: ['vlc-plugin-base'],
    path: 'usr/bin/vlc',
    bench: true,
    env: (directory) => ({
      VLC_PLUGIN_PATH: librariesOf(directory)
        .map((path) => join(path, 'vlc/plugins'))
        .join(':'),
    }),
  },
  pdftoppm: { debian: 'poppler-utils', path: 'usr/bin/pdftoppm' },
  ip: { debian: 'iproute2', path: 'bin/ip' },
  // Two clients made from the WSDL of ONVIF, for the long tests. Both are complete but for the C library.
  zeep: {
    debian: 'python3-zeep',
    path: 'usr/bin/python3.11',
    bench: true,
    alone: true,
    only: new RegExp(
      `^(${[
        '(lib)?python3.11(-minimal|-stdlib)?|python3-(?!minimal$).*',
        'lib(expat1|ffi8|ssl3|xml2|xslt1.1|icu72|lzma5|bz2-1.0|gcrypt20|gpg-error0|uuid1|crypt1|stdc..6)|zlib1g',
      ].join('|')})$`,
    ),
    env: (directory) => ({
      PYTHONHOME: join(directory, 'usr'),
      PYTHONPATH: join(directory, 'usr/lib/python3/dist-packages'),
      PYTHONDONTWRITEBYTECODE: '1',
    }),
  },
  'zmonvif-probe': {
    debian: 'zoneminder',
    more: [
      'libsoap-wsdl-perl',
      'libclass-std-fast-perl',
      'libio-socket-multicast-perl',
      'libdata-uuid-perl',
      'libxml-libxml-perl',
    ],
    path: 'usr/bin/zmonvif-probe.pl',
    bench: true,
    alone: true,
    only: /^(zoneminder|lib[a-z-]+-perl|perl(-base|-modules-5.36)?|libperl5.36|lib(xml2|icu72|ssl3|crypt1|expat1|lzma5)|zlib1g)$/,
    env: (directory) => ({
      PERL5LIB: [
        'usr/share/perl5',
        'usr/share/perl/5.36',
        ...librariesOf(directory).flatMap((path) => [
          `usr/lib/${basename(path)}/perl5/5.36`,
          `usr/lib/${basename(path)}/perl/5.36`,
          `usr/lib/${basename(path)}/perl-base`,
        ]),
      ]
        .map((path) => join(directory, path))
        .join(':'),
    }),
  },
  lighttpd: {
    debian: 'lighttpd',
    more: ['lighttpd-mod-openssl'],
    path: 'usr/sbin/lighttpd',
  },
  // Measured beside us; no test needs it.
  'prometheus-alertmanager': {
    debian: 'prometheus-alertmanager',
    path: 'usr/bin/prometheus-alertmanager',
    bench: true,
  },
  'victoria-metrics': { debian: 'victoria-metrics', path: 'usr/bin/victoria-metrics' },
  // A Python that knows GStreamer's RTSP server, for test/support/streams/gst-camera.py; complete but for the C library, as it
  // works only when all of it is of one kind. What its plug-ins need beyond these, the few that are used do not.
  'gst-python': {
    debian: 'gir1.2-gst-rtsp-server-1.0',
    more: ['python3-gi', 'gstreamer1.0-plugins-base', 'gstreamer1.0-plugins-good', 'gstreamer1.0-plugins-bad'],
    path: 'usr/bin/python3.11',
    alone: true,
    only: new RegExp(
      `^(${[
        'gir1.2-(glib-2.0|gstreamer-1.0|gst-plugins-base-1.0|gst-rtsp-server-1.0)',
        'gstreamer1.0-plugins-(base|good|bad)',
        'lib(gstreamer1.0-0|gstreamer-plugins-(base|bad)1.0-0|gstrtspserver-1.0-0|girepository-1.0-1|glib2.0-0)',
        'lib(blkid1|cap2|dw1|elf1|ffi8|mount1|orc-0.4-0|pcre2-8-0|selinux1|unwind8|expat1|bz2-1.0|lzma5|zstd1|gudev-1.0-0)',
        '(lib)?python3.11(-minimal|-stdlib)?|python3-gi|zlib1g',
      ].join('|')})$`,
    ),
    env: (directory) => ({
      PYTHONHOME: join(directory, 'usr'),
      PYTHONPATH: join(directory, 'usr/lib/python3/dist-packages'),
      PYTHONDONTWRITEBYTECODE: '1',
      GI_TYPELIB_PATH: librariesOf(directory)
        .map((path) => join(path, 'girepository-1.0'))
        .join(':'),
      GST_PLUGIN_PATH: librariesOf(directory)
        .map((path) => join(path, 'gstreamer-1.0'))
        .join(':'),
      GST_REGISTRY: join(directory, 'registry.bin'),
    }),
  },
};

const CACHE = join(ROOT, '.cache', 'judges');

/** Unpacks every judge of the tests that is not there yet. */
export async function prepareJudges() {
  for (const [name, { bench }] of Object.entries(JUDGES)) if (!bench) await prepareJudge(name);
}

/** Where a judge is and the environment it needs to find its libraries. */
export async function prepareJudge(name) {
  const judge = JUDGES[name];
  if (!judge) throw new SetupError(`There is no judge ${name}; known are ${Object.keys(JUDGES).join(', ')}.`);
  const directory = join(CACHE, judge.debian);
  if (!existsSync(directory)) await withLock(`${directory}.lock`, () => unpack(judge, directory));
  const unpacked = join(directory, judge.path);
  // A package that is installed already has nothing to unpack.
  const command = [unpacked, join('/', judge.path)].find(existsSync) ?? findProgram(name);
  if (!command) throw new SetupError(`${judge.debian} has no ${judge.path}; remove ${directory} and try again.`);
  return { command, env: { ...environmentOf(directory), ...judge.env?.(directory) } };
}

function unpack({ debian, more = [], only, alone }, directory) {
  if (existsSync(directory)) return;
  if (!hasApt()) throw new SetupError(`The tests need ${debian} of Debian and this machine has no apt-get.`);
  ensureLists([debian]);
  const temporary = `${directory}.${process.pid}.tmp`;
  const archives = join(temporary, 'archives');
  mkdirSync(archives, { recursive: true });
  try {
    const packages = closureOf([debian, ...more], alone).filter((name) => !only || only.test(name.split('=')[0]));
    if (packages.length > 0) {
      say(`$ apt-get download ${packages.join(' ')}`);
      const fetched = run('apt-get', ['-q', 'download', ...packages], { cwd: archives });
      if (!fetched.ok) throw new SetupError(`apt-get could not download ${debian}: ${fetched.stderr.trim()}`);
    }
    for (const archive of readdirSync(archives)) {
      const { ok, stderr } = run('dpkg-deb', ['-x', join(archives, archive), temporary]);
      if (!ok) throw new SetupError(`dpkg-deb could not unpack ${archive}: ${stderr.trim()}`);
    }
    rmSync(archives, { recursive: true });
    renameSync(temporary, directory);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

/** The packages and what they need of what this machine does not have (`alone`: of everything), as `name=version`. */
function closureOf(packages, alone = false) {
  const lines = simulate([...(alone ? ['-o', 'Dir::State::status=/dev/null'] : []), ...packages]).stdout.split('\n');
  return lines.flatMap((line) => {
    const found = /^Inst (\S+)(?: \[[^\]]*\])? \((\S+) /.exec(line);
    return found ? [`${found[1]}=${found[2]}`] : [];
  });
}

function environmentOf(directory) {
  const places = librariesOf(directory);
  const paths = [
    ...places,
    join(directory, 'usr', 'lib'),
    ...places.map((place) => join(directory, 'lib', basename(place))),
  ];
  return { LD_LIBRARY_PATH: paths.join(':'), PATH: process.env.PATH ?? '' };
}

/** `usr/lib/x86_64-linux-gnu` and the like. */
function librariesOf(directory) {
  const libraries = join(directory, 'usr', 'lib');
  const names = existsSync(libraries) ? readdirSync(libraries).filter((name) => name.includes('-linux-')) : [];
  return names.map((name) => join(libraries, name));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await runScript(async () => {
    const asked = process.argv.slice(2);
    if (asked.length === 0) return prepareJudges();
    const found = await Promise.all(asked.map(prepareJudge));
    process.stdout.write(`${JSON.stringify(found)}\n`);
  });
}
