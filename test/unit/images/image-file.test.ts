import t from 'tap';
import { readImage } from '../../../src/images/image-file.ts';
import { tinyJpeg, tinyPicture } from '../../support/ingest/images.ts';
import { countProcessorTime } from '../../support/time/processor-time.ts';

const HTML = Buffer.from('<html><script>alert(1)</script></html>');

t.test('a whole picture is known by its bytes', async (t) => {
  t.same(readImage(tinyJpeg({ width: 1920, height: 1080 })), { type: 'image/jpeg', width: 1920, height: 1080 });
  t.same(readImage(tinyPicture({ width: 640, height: 480 })), { type: 'image/png', width: 640, height: 480 });
  t.type(readImage(Buffer.concat([tinyJpeg(), Buffer.alloc(16)])), 'object', 'cameras fill up with zeros');
  t.type(readImage(tinyJpeg({ scanBytes: 100_000 })), 'object');
});

t.test('what is no single whole picture, or too large to be shown, is refused with the reason', async (t) => {
  const jpeg = tinyJpeg();
  const png = tinyPicture();
  const noEnd = png.subarray(0, -12);
  const header = jpeg.subarray(0, jpeg.length - 2);
  const lyingLength = Buffer.from(jpeg);
  lyingLength.writeUInt16BE(0xffff, 4);
  const lyingChunk = Buffer.from(png);
  lyingChunk.writeUInt32BE(0xffff_fff0, 33);
  const noHeader = Buffer.concat([png.subarray(0, 8), png.subarray(33)]);
  const cases: [string, Buffer, RegExp][] = [
    ['nothing', Buffer.alloc(0), /neither/],
    ['one byte', Buffer.from([0xff]), /neither/],
    ['a page', HTML, /neither/],
    ['a page in front of a picture', Buffer.concat([HTML, jpeg]), /neither/],
    ['a page behind a JPEG', Buffer.concat([jpeg, HTML]), /behind/],
    ['a page behind a PNG', Buffer.concat([png, HTML]), /behind/],
    ['a picture behind a picture', Buffer.concat([jpeg, jpeg]), /behind/],
    ['a GIF', Buffer.from('GIF89a\x01\x00\x01\x00\x00\x00\x00;', 'latin1'), /neither/],
    ['an SVG', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'), /neither/],
    ['a PDF', Buffer.from('%PDF-1.7'), /neither/],
    ['a JPEG of 50,000 x 50,000', tinyJpeg({ width: 50_000, height: 50_000 }), /50000 x 50000/],
    ['a PNG of 50,000 x 50,000', tinyPicture({ width: 50_000, height: 50_000 }), /50000 x 50000/],
    ['a PNG of 4,294,967,295 a side', tinyPicture({ width: 0xffff_ffff, height: 0xffff_ffff }), /pixels; at most/],
    ['a narrow one', tinyJpeg({ width: 20_000, height: 1 }), /20000 x 1/],
    ['a large one with allowed sides', tinyJpeg({ width: 16_000, height: 16_000 }), /in all/],
    ['no width', tinyJpeg({ width: 0 }), /no pixels/],
    ['no height', tinyPicture({ height: 0 }), /no pixels/],
    ['a JPEG that says nothing of its size', Buffer.from([0xff, 0xd8, 0xff, 0xd9]), /damaged/],
    ['a JPEG without an end', header, /damaged/],
    ['a JPEG with a length that lies', lyingLength, /damaged/],
    ['a JPEG with a length of 0', Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 0, 0xff, 0xd9]), /damaged/],
    ['a JPEG of fill bytes', Buffer.alloc(2 * 1024 * 1024, 0xff).fill(0xd8, 1, 2), /damaged/],
    ['a PNG without an end', noEnd, /damaged/],
    ['a PNG with a length that lies', lyingChunk, /damaged/],
    ['a PNG without a header', noHeader, /damaged/],
    ['a PNG of its signature alone', png.subarray(0, 8), /damaged/],
    ['a PNG with two headers', Buffer.concat([png.subarray(0, 33), png.subarray(8)]), /damaged/],
  ];
  for (const [name, bytes, reason] of cases) t.match(readImage(bytes), reason, name);
});

t.test('a picture that is cut or altered anywhere is judged, never thrown over', async (t) => {
  for (const whole of [tinyJpeg(), tinyPicture()]) {
    for (let length = 0; length < whole.length; length += 1) {
      t.type(readImage(whole.subarray(0, length)), 'string', `the first ${length} bytes are no picture`);
    }
    for (let at = 0; at < whole.length; at += 1) {
      for (const byte of [0x00, 0x7f, 0xd9, 0xff]) {
        const altered = Buffer.from(whole);
        altered[at] = byte;
        t.doesNotThrow(() => readImage(altered));
      }
    }
  }
});

t.test('two megabytes made to be looked at byte by byte are judged in a short turn', async (t) => {
  const bytes = 2 * 1024 * 1024;
  const png = tinyPicture();
  const jpeg = tinyJpeg();
  const emptyChunk = Buffer.from([0, 0, 0, 0, 0x74, 0x45, 0x58, 0x74, 0, 0, 0, 0]);
  const worst: [string, Buffer][] = [
    ['a PNG of empty chunks', Buffer.concat([png.subarray(0, 33), Buffer.alloc(bytes, emptyChunk), png.subarray(33)])],
    ['a PNG with zeros behind it', Buffer.concat([png, Buffer.alloc(bytes)])],
    [
      'a JPEG whose scan is all escapes',
      Buffer.concat([jpeg.subarray(0, -2), Buffer.alloc(bytes, '\xff\x00', 'latin1')]),
    ],
    ['a JPEG of empty scans', Buffer.concat([jpeg.subarray(0, -2), Buffer.alloc(bytes, '\xff\xda\x00\x02', 'latin1')])],
    ['a JPEG of fill bytes', Buffer.concat([jpeg.subarray(0, 2), Buffer.alloc(bytes, 0xff)])],
  ];
  for (const [name, picture] of worst) {
    const spentMs = countProcessorTime();
    readImage(picture);
    const tookMs = spentMs();
    t.ok(tookMs < 500, `${name} took ${tookMs} ms`);
  }
});
