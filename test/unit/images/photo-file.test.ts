import readWithLibrary from 'exif-reader';
import t from 'tap';
import { readExif } from '../../../src/images/exif.ts';
import { readImage } from '../../../src/images/image-file.ts';
import { type CleanPhoto, cleanPhoto } from '../../../src/images/photo-file.ts';
import { tinyPicture } from '../../support/ingest/images.ts';
import { exifBlock, IN_NINGBO, phonePhoto, TELLTALE } from '../../support/ingest/photos.ts';
import { countProcessorTime } from '../../support/time/processor-time.ts';
import { chance } from '../../support/time/random.ts';

function clean(sent: Buffer): CleanPhoto {
  const photo = cleanPhoto(sent);
  if (typeof photo === 'string') throw new Error(photo);
  return photo;
}

/** The block of EXIF in a JPEG that has nothing before it. */
const exifIn = (jpeg: Buffer) => readWithLibrary(jpeg.subarray(6, 4 + jpeg.readUInt16BE(4)));

t.test('place and time are read, and nothing but the picture is kept', async (t) => {
  const { bytes, claimed, type, width } = clean(phonePhoto());
  t.strictSame(claimed, {
    position: { lat: 29.8716667, lon: 121.55125, accuracyM: 4.7 },
    atMs: Date.parse('2026-11-21T00:00:05Z'),
    localTime: '2026-11-21T08:00:05',
  });
  t.match({ type, width }, { type: 'image/jpeg', width: 2 });
  t.notMatch(bytes.toString('latin1'), TELLTALE);
  t.equal(bytes[3], 0xc0, 'the frame comes first: not even an empty block is left');
  t.type(readImage(bytes), 'object');
  t.strictSame(clean(bytes).bytes, bytes, 'what is clean stays as it is');
});

t.test('another reader of EXIF reads the same out of both orders of bytes', async (t) => {
  for (const big of [true, false]) {
    const block = exifBlock({ ...IN_NINGBO, big, orientation: 6 });
    const other = readWithLibrary(block);
    const [degrees, minutes, seconds] = other.GPSInfo!.GPSLatitude as number[];
    const own = readExif(block);
    t.equal(own.position!.lat, Number((degrees! + minutes! / 60 + seconds! / 3600).toFixed(7)));
    t.equal(own.orientation, other.Image!.Orientation);
    t.equal(`${own.localTime}.000Z`, other.Photo!.DateTimeOriginal!.toISOString());
  }
  const south = readExif(
    exifBlock({
      lat: [
        'S',
        [
          [33, 1],
          [51, 1],
          [0, 1],
        ],
      ],
      lon: [
        'W',
        [
          [70, 1],
          [40, 1],
          [0, 1],
        ],
      ],
    }),
  );
  t.match(south, { position: { lat: -33.85, lon: -70.6666667, accuracyM: null }, atMs: null, localTime: null });
});

t.test('how it is to be turned stays, and nothing else', async (t) => {
  for (let orientation = 2; orientation <= 8; orientation += 1) {
    const { bytes } = clean(phonePhoto({ ...IN_NINGBO, orientation }));
    t.notMatch(bytes.toString('latin1'), TELLTALE);
    t.strictSame(exifIn(bytes), { bigEndian: true, Image: { Orientation: orientation } });
  }
  const png = tinyPicture({ salt: 'SECRET' });
  const body = Buffer.concat([Buffer.from('eXIf'), exifBlock({ ...IN_NINGBO, orientation: 6 })]);
  const frame = Buffer.alloc(4);
  frame.writeUInt32BE(body.length - 4);
  const told = Buffer.concat([
    png.subarray(0, 33),
    frame,
    body,
    Buffer.alloc(4),
    png.subarray(33),
    Buffer.from('FILM'),
  ]);
  const { bytes, claimed } = clean(told);
  t.equal(claimed.position?.lon, 121.55125);
  t.notMatch(bytes.toString('latin1'), /SECRET|OWNER|FILM|tEXt/);
  t.equal(readExif(bytes.subarray(bytes.indexOf('eXIf') + 4)).orientation, 6);
  t.type(readImage(bytes), 'object');
});

t.test('a time without its zone is no moment, unless a satellite told it', async (t) => {
  const told = (written: object) => readExif(exifBlock({ ...IN_NINGBO, offset: '', ...written }));
  t.match(told({}), { localTime: '2026-11-21T08:00:05', atMs: null });
  const byGps = told({
    gpsDate: '2026:11:21',
    gpsTime: [
      [0, 1],
      [0, 1],
      [599, 100],
    ],
  });
  t.equal(byGps.atMs, Date.parse('2026-11-21T00:00:05Z'));
  for (const original of ['0000:00:00 00:00:00', '2026:02:30 08:00:00', '2026-11-21', '    :  :     :  :  ', '']) {
    t.match(told({ original, offset: '+08:00' }), { localTime: null, atMs: null }, original);
  }
});

t.test('what lies in numbers is not there', async (t) => {
  const position = (lat: [number, number][], side = 'N') =>
    readExif(exifBlock({ ...IN_NINGBO, lat: [side, lat] })).position;
  t.ok(
    position([
      [90, 1],
      [0, 1],
      [0, 1],
    ]),
  );
  for (const lat of [
    [
      [91, 1],
      [0, 1],
      [0, 1],
    ],
    [
      [1, 0],
      [0, 1],
      [0, 1],
    ],
    [
      [0, 0],
      [0, 1],
      [0, 1],
    ],
    [[1, 1]],
  ]) {
    t.equal(position(lat as [number, number][]), null, JSON.stringify(lat));
  }
  t.equal(
    position([
      [30, 1],
      [75, 1],
      [0, 1],
    ]),
    null,
    'an hour has 60 minutes',
  );
  t.equal(
    position(
      [
        [30, 1],
        [0, 1],
        [0, 1],
      ],
      'X',
    ),
    null,
  );
  const nowhere: [number, number][] = [
    [0, 1],
    [0, 1],
    [0, 1],
  ];
  t.equal(readExif(exifBlock({ lat: ['N', nowhere], lon: ['E', nowhere] })).position, null);
});

t.test('a photo that is cut or altered anywhere is judged, never thrown over, and never tells', async (t) => {
  const whole = phonePhoto({ ...IN_NINGBO, orientation: 6 });
  const end = whole.length - 'FILM-BEHIND'.length;
  for (let length = 0; length < end; length += 1) t.type(cleanPhoto(whole.subarray(0, length)), 'string');
  const random = chance();
  const below = (max: number) => Math.floor(random() * max);
  for (let round = 0; round < 3_000; round += 1) {
    const altered = Buffer.from(whole);
    for (let times = 0; times < 3; times += 1) altered[below(whole.length)] = below(256);
    const photo = cleanPhoto(altered);
    if (typeof photo !== 'string') t.type(readImage(photo.bytes), 'object');
  }
});

t.test('blocks that were made to keep a reader busy are read in a short turn', async (t) => {
  const entry = Buffer.from('0002000500001fff00000000', 'hex');
  const block = Buffer.alloc(65_000, entry);
  Buffer.from('4d4d002a00000008ffff', 'hex').copy(block);
  const spentMs = countProcessorTime();
  for (let times = 0; times < 20; times += 1) readExif(block);
  t.ok(spentMs() < 200, `${spentMs()} ms`);
  const table = Buffer.from([0xff, 0xdb, 0, 2]);
  const photo = phonePhoto();
  const many = Buffer.concat([photo.subarray(0, 2), Buffer.alloc(8_000_000, table), photo.subarray(2)]);
  const cleanedMs = countProcessorTime();
  t.match(cleanPhoto(many), /damaged/, 'two million tables are no photo');
  t.ok(cleanedMs() < 100, `${cleanedMs()} ms`);
});
