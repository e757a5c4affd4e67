import * as HLS from 'hls-parser';

/** What Apple's authoring specification and RFC 8216bis ask of a live playlist of ours. Each answers what is wrong. */

export interface MediaTags {
  text: string;
  lines: string[];
  targetS: number;
  /** Of each segment that is complete. */
  segmentsS: number[];
  /** Parts of each segment, complete or not, in order. */
  parts: { s: number; uri: string; independent: boolean }[][];
  partTargetS: number | null;
  holdBackS: number | null;
  sequence: number;
}

export function readTags(text: string): MediaTags {
  const lines = text.split('\n');
  const value = (pattern: RegExp): number | null => {
    const found = pattern.exec(text)?.[1];
    return found === undefined ? null : Number(found);
  };
  const parts: MediaTags['parts'] = [[]];
  const segmentsS: number[] = [];
  for (const line of lines) {
    const part = /^#EXT-X-PART:DURATION=([\d.]+),URI="([^"]+)"(,INDEPENDENT=YES)?$/.exec(line);
    if (part) parts.at(-1)!.push({ s: Number(part[1]), uri: part[2]!, independent: part[3] !== undefined });
    const segment = /^#EXTINF:([\d.]+),/.exec(line);
    if (!segment) continue;
    segmentsS.push(Number(segment[1]));
    parts.push([]);
  }
  return {
    text,
    lines,
    targetS: value(/#EXT-X-TARGETDURATION:(\d+)/) ?? 0,
    segmentsS,
    parts,
    partTargetS: value(/#EXT-X-PART-INF:PART-TARGET=([\d.]+)/),
    holdBackS: value(/PART-HOLD-BACK=([\d.]+)/),
    sequence: value(/#EXT-X-MEDIA-SEQUENCE:(\d+)/) ?? -1,
  };
}

type Rule<Of> = [name: string, isBroken: (of: Of) => unknown];

export const MASTER_RULES: Rule<string>[] = [
  ['begins with EXTM3U', (text) => !text.startsWith('#EXTM3U\n')],
  ['names CODECS', (text) => !/#EXT-X-STREAM-INF:.*CODECS="(avc1|hvc1)\.[^"]+"/.test(text)],
  [
    'names BANDWIDTH, AVERAGE-BANDWIDTH and RESOLUTION',
    (text) => {
      return !/BANDWIDTH=\d+,AVERAGE-BANDWIDTH=\d+/.test(text) || !/RESOLUTION=\d+x\d+/.test(text);
    },
  ],
  ['is read by hls-parser as a master playlist', (text) => !HLS.parse(text).isMasterPlaylist],
];

export const MEDIA_RULES: Rule<MediaTags>[] = [
  ['begins with EXTM3U', ({ text }) => !text.startsWith('#EXTM3U\n')],
  [
    'no segment is longer than TARGETDURATION',
    ({ segmentsS, targetS }) => {
      return segmentsS.some((s) => Math.round(s) > targetS);
    },
  ],
  ['has a map for what is in it', ({ text }) => !text.includes('#EXT-X-MAP:URI=')],
  ['has PROGRAM-DATE-TIME', ({ text }) => !text.includes('#EXT-X-PROGRAM-DATE-TIME:')],
  [
    'times are in order',
    ({ text }) => {
      const times = [...text.matchAll(/#EXT-X-PROGRAM-DATE-TIME:(\S+)/g)].map(([, at]) => Date.parse(at!));
      return times.some((at, index) => !(at > (times[index - 1] ?? 0)));
    },
  ],
  [
    'says INDEPENDENT-SEGMENTS where each begins with a key frame',
    ({ text, parts, segmentsS }) => {
      const told = parts.slice(0, segmentsS.length).filter((all) => all.length > 0);
      return text.includes('#EXT-X-INDEPENDENT-SEGMENTS') && told.some(([first]) => !first!.independent);
    },
  ],
  ['is read by hls-parser as a media playlist', ({ text }) => HLS.parse(text).isMasterPlaylist !== false],
];

const near = (one: number, other: number) => Math.abs(one - other) < 0.002;

export const PART_RULES: Rule<MediaTags>[] = [
  ['CAN-BLOCK-RELOAD', ({ text }) => !/#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES/.test(text)],
  ['PART-HOLD-BACK is three parts at least', ({ holdBackS, partTargetS }) => !(holdBackS! >= 3 * partTargetS!)],
  ['no part is longer than PART-TARGET', ({ parts, partTargetS }) => parts.flat().some(({ s }) => s > partTargetS!)],
  [
    'parts but the last of a segment have 85 % of PART-TARGET',
    ({ parts, partTargetS }) => {
      return parts.some((all) => all.slice(0, -1).some(({ s }) => s < 0.85 * partTargetS!));
    },
  ],
  [
    'parts make up their segment',
    ({ parts, segmentsS }) => {
      const sums = parts.map((all) => all.reduce((sum, { s }) => sum + s, 0));
      return segmentsS.some((s, index) => sums[index]! > 0 && !near(sums[index]!, s));
    },
  ],
  [
    'the newest two segments have parts, and older ones none',
    ({ text, parts, segmentsS }) => {
      // The lead-in of a cold start has no time of its own, and none.
      const timed = text
        .split('#EXTINF')
        .slice(0, -1)
        .map((head) => head.includes('#EXT-X-PROGRAM-DATE-TIME'));
      const wanted = (index: number) => index >= segmentsS.length - 2 && timed[index] === true;
      return segmentsS.some((_, index) => wanted(index) !== parts[index]!.length > 0);
    },
  ],
  ['hints at the next part', ({ lines }) => !lines.at(-2)?.startsWith('#EXT-X-PRELOAD-HINT:TYPE=PART,URI="')],
  [
    'hls-parser reads the same parts',
    ({ text, parts }) => {
      const read = HLS.parse(text);
      if (read.isMasterPlaylist) return true;
      const uris = read.segments.flatMap((segment) => segment.parts.filter(({ hint }) => !hint).map(({ uri }) => uri));
      return (
        uris.join() !==
        parts
          .flat()
          .map(({ uri }) => uri)
          .join()
      );
    },
  ],
];

/** The rules that are broken. */
export function broken<Of>(rules: readonly Rule<Of>[], of: Of): string[] {
  return rules.filter(([, isBroken]) => isBroken(of)).map(([name]) => name);
}
