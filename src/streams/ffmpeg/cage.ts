import { spawn } from 'node:child_process';
import { resolve } from 'node:path';

/** A user of the system by its numbers. */
export interface ProcessUser {
  uid: number;
  gid: number;
}

export interface CageWishes {
  /** A directory of ours, made if it is missing, over which the cage is mounted; nobody outside sees that. */
  directory: string;
  ffmpegPath: string;
  /** Whom ffmpeg runs as where we are root; null where we are not, or where no such user can be had. */
  user: ProcessUser | null;
  /** Directories that must not be seen even where they lie below one that ffmpeg needs. */
  hidden: readonly string[];
}

/** How ffmpeg is kept from everything that is not its business, as words before commands. */
export interface Cage {
  /** Before the spawner: a network, a mount table and process numbers of its own. Empty where the system refuses. */
  around: readonly string[];
  /** Before each ffmpeg: its user, its root directory, its limits. */
  launcher: readonly string[];
  /** What ffmpeg can do although it should not, in one sentence; null when there is nothing. */
  gap: string | null;
}

export interface Exit {
  code: number | null;
  /** The last line on standard error. */
  lastLine: string;
}

/** What is asked of the system that a cage is looked for on. */
export interface System {
  isRoot: boolean;
  exitOf(words: readonly string[]): Promise<Exit>;
}

/** What to do about a {@link Cage.gap}. */
export const CAGE_REMEDY =
  'let this user make namespaces (see "ffmpeg" in docs/operators.md), or let nobody hostile reach the cameras';

/** ffmpeg and its helpers see nothing of our environment. */
export const BARE_ENVIRONMENT = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' };

/** `ip link set lo up` for systems without iproute2: SIOCSIFFLAGS with IFF_UP on `lo`. */
const PERL_LO_UP =
  'use Socket; socket(S, AF_INET, SOCK_DGRAM, 0) and ioctl(S, 0x8914, pack("Z16 s x22", "lo", 1)) or exit 1';

/**
 * Arguments: directory, ffmpeg, number of hidden directories, these, command. Mounts a root directory that holds
 * programs and libraries, all read-only, and two devices; gives the network its loopback; then runs the command in it
 * as working directory. It stays as the parent of the command: as the first process of its process numbers it
 * collects whatever ffmpeg leaves behind, and at its end the kernel kills all others.
 */
const SET_UP = `
set -eu
umask 022
cage=$1 ffmpeg=$2 hidden=$3
shift 3
mkdir -p "$cage"
mount -t tmpfs -o mode=0755,size=256k,nosuid,nodev cage "$cage"
links='' directories=''
for one in bin sbin lib lib32 lib64 libx32 usr/bin usr/sbin usr/lib usr/lib32 usr/lib64 usr/libx32 \\
  usr/local/bin usr/local/lib etc/alternatives; do
  if [ -L "/$one" ]; then links="$links $one"; elif [ -d "/$one" ]; then directories="$directories $one"; fi
done
cd "$cage"
mkdir -p etc dev $directories
for one in $directories; do mount --rbind -o ro,nosuid,nodev "/$one" "$one"; done
cd /
if [ -n "$links" ]; then cp -P --parents $links "$cage"; fi
if [ -f etc/ld.so.cache ]; then cp etc/ld.so.cache "$cage/etc/"; fi
for one in dev/null dev/urandom; do
  : > "$cage/$one"
  mount --bind "/$one" "$cage/$one"
done
case $ffmpeg in
  /*)
    if [ -f "$ffmpeg" ] && ! [ -e "$cage$ffmpeg" ]; then
      mkdir -p "$cage\${ffmpeg%/*}"
      : > "$cage$ffmpeg"
      mount --bind "$ffmpeg" "$cage$ffmpeg"
      mount -o remount,bind,ro,nosuid,nodev "$cage$ffmpeg"
    fi ;;
esac
while [ "$hidden" -gt 0 ]; do
  if [ -d "$cage$1" ]; then mount -t tmpfs -o mode=0000,size=4k,ro hidden "$cage$1"; fi
  shift
  hidden=$((hidden - 1))
done
mount -o remount,bind,ro,nosuid,nodev "$cage"
ip link set lo up 2>/dev/null || perl -e '${PERL_LO_UP}'
cd "$cage"
"$@"
exit $?
`;

const TRIAL_MS = 10_000;
const LINE_CHARS = 200;

/** Its own network, mounts (what the system unmounts goes here too) and process numbers, all of which end together. */
const NAMESPACES = ['unshare', '--mount', '--propagation', 'slave', '--net', '--pid', '--fork', '--kill-child', '--'];
/** As root of a user namespace an ordinary user may make the others. The death signal does not outlive its making. */
const AS_ROOT_INSIDE = ['unshare', '--user', '--map-root-user', '--', 'setpriv', '--pdeathsig', 'KILL', '--'];
/** A user namespace for each ffmpeg: its number of processes counts alone, and it cannot look into another ffmpeg. */
const INSIDE_ALONE = [
  'unshare',
  '--user',
  '--map-user=65534',
  '--map-group=65534',
  '--keep-caps',
  '--root=.',
  '--wd=/',
];
const NO_RIGHTS = ['--ambient-caps=-all', '--inh-caps=-all', '--bounding-set=-all', '--no-new-privs'];

/**
 * The best cage that this system lets us have, found by trying: where we are root, another user in namespaces; else
 * namespaces alone; else another user alone; else limits only. Never rejects. Takes some 50 ms.
 */
export async function findCage(wishes: CageWishes, system: System = THIS_SYSTEM): Promise<Cage> {
  const reasons: string[] = [];
  for (const cage of candidates(wishes, system.isRoot)) {
    const why = await problemOf(cage, wishes.ffmpegPath, system.exitOf);
    if (why === null) return { ...cage, gap: cage.gap && `${cage.gap} (${[...new Set(reasons)].join('; ')})` };
    reasons.push(why);
  }
  return plain(wishes.user);
}

function candidates(wishes: CageWishes, isRoot: boolean): Cage[] {
  const { user } = wishes;
  const around = [...(isRoot ? [] : AS_ROOT_INSIDE), ...NAMESPACES, ...setUp(wishes)];
  const sameUser = isRoot && !user ? 'ffmpeg runs as root' : null;
  const first = user ? ['setpriv', ...becoming(user), '--'] : [];
  const alone = { around, launcher: [...first, ...INSIDE_ALONE, '--', ...limited(null, 64)], gap: sameUser };
  // Where ordinary users may make no user namespaces, root can still change the root directory.
  const shared = { around, launcher: ['chroot', '.', ...limited(user, PROCESSES_OF_ALL)], gap: sameUser };
  return [alone, ...(user ? [shared] : []), plain(user)];
}

/** Without namespaces. */
function plain(user: ProcessUser | null): Cage {
  const gap = user
    ? 'ffmpeg can use the network and read what every user of this machine can read'
    : 'ffmpeg can use the network and read what the gateway can read';
  return { around: [], launcher: limited(user, PROCESSES_OF_ALL), gap };
}

function setUp({ directory, ffmpegPath, hidden }: CageWishes): string[] {
  return ['sh', '-c', SET_UP, 'cage', directory, programPath(ffmpegPath), String(hidden.length), ...hidden];
}

/** A path made absolute, because ffmpeg is started in another directory; a name stays one. */
export function programPath(ffmpegPath: string): string {
  return ffmpegPath.includes('/') ? resolve(ffmpegPath) : ffmpegPath;
}

function becoming(user: ProcessUser | null): string[] {
  return user ? [`--reuid=${user.uid}`, `--regid=${user.gid}`, '--clear-groups'] : [];
}

/** Most processes and threads of a user whom all ffmpeg share. */
const PROCESSES_OF_ALL = 16_384;

/**
 * No rights, no core file, no file written, few descriptors, and memory that no copy of a stream needs (it maps 0.3 GB
 * of libraries and thread stacks, of which it touches 50 MB). The kernel counts processes and threads by user, so only
 * one that is alone in its user namespace can have a small number. It dies with its parent.
 */
function limited(user: ProcessUser | null, processes: number): string[] {
  const limits = ['--core=0', '--fsize=0', '--nofile=64', '--as=1073741824', `--nproc=${processes}`];
  return ['setpriv', ...becoming(user), ...NO_RIGHTS, '--pdeathsig', 'KILL', '--', 'prlimit', ...limits, '--'];
}

/** Why a cage cannot be had; null when it can: nothing fails in it, and ffmpeg runs in it if it runs at all. */
async function problemOf({ around, launcher }: Cage, ffmpegPath: string, exitOf: System['exitOf']) {
  const ffmpeg = programPath(ffmpegPath);
  const caged = await exitOf([...around, ...launcher, ffmpeg, '-version']);
  if (caged.code === 0) return null;
  const empty = await exitOf([...around, ...launcher, 'true']);
  if (empty.code !== 0) return empty.lastLine || `exit status ${empty.code}`;
  if (!cannotRun(caged.code) || cannotRun((await exitOf([ffmpeg, '-version'])).code)) return null;
  return `${ffmpegPath} needs files outside /usr: ${caged.lastLine}`;
}

/** 126 and 127: what a launcher, or the loader of libraries, answers when a program cannot be run. */
export function cannotRun(code: number | null): boolean {
  return code === 126 || code === 127;
}

const THIS_SYSTEM: System = { isRoot: process.getuid?.() === 0, exitOf };

/** Runs a command to its end. Never rejects. */
export function exitOf([command = '', ...args]: readonly string[]): Promise<Exit> {
  return new Promise((done) => {
    const child = spawn(command, args, {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: BARE_ENVIRONMENT,
      timeout: TRIAL_MS,
    });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-4_096);
    });
    child.once('error', (error) => done({ code: 127, lastLine: error.message }));
    child.once('close', (code) =>
      done({ code, lastLine: (said.trim().split('\n').at(-1) ?? '').slice(0, LINE_CHARS) }),
    );
  });
}
