import t from 'tap';
import { choosePair, readProfiles } from '../../../../src/devices/onvif/profiles.ts';
import { parseXml } from '../../../../src/devices/onvif/xml.ts';

interface Given {
  token: string;
  encoding?: string;
  width?: number | string;
  height?: number | string;
  source?: string;
}

function profiles(...given: Given[]) {
  const elements = given.map(({ token, encoding = 'H264', width = 1920, height = 1080, source = 's1' }) => {
    const size = `<Resolution><Width>${width}</Width><Height>${height}</Height></Resolution>`;
    const encoder = `<VideoEncoderConfiguration><Encoding>${encoding}</Encoding>${size}</VideoEncoderConfiguration>`;
    const eye = `<VideoSourceConfiguration><SourceToken>${source}</SourceToken></VideoSourceConfiguration>`;
    return `<Profiles token="${token}"><Name>${token}</Name>${eye}${encoder}</Profiles>`;
  });
  return readProfiles(parseXml(Buffer.from(`<R>${elements.join('')}</R>`)));
}

const tokens = (given: Given[]) => {
  const { main, sub } = choosePair(profiles(...given));
  return [main.token, sub?.token ?? null];
};

t.test('the largest picture is main and the smallest of the same source is sub', async (t) => {
  const small = { token: 'small', width: 352, height: 288 };
  const middle = { token: 'middle', width: 704, height: 576 };
  t.same(tokens([small, { token: 'large' }, middle]), ['large', 'small']);
  t.same(tokens([{ token: 'only' }]), ['only', null]);
  t.same(tokens([{ token: 'one' }, { token: 'two' }]), ['one', null], 'two of one size are one stream');
  t.same(tokens([{ token: 'large' }, { ...small, source: 's2' }]), ['large', null], 'another eye is no sub stream');
});

t.test('JPEG is taken only where there is nothing better', async (t) => {
  t.same(
    tokens([
      { token: 'jpeg', encoding: 'JPEG', width: 3840 },
      { token: 'h265', encoding: 'H265' },
    ]),
    ['h265', null],
  );
  t.same(tokens([{ token: 'jpeg', encoding: 'JPEG' }]), ['jpeg', null]);
});

t.test('sizes that are none count as unknown', async (t) => {
  t.match(profiles({ token: 'a', width: '-5', height: '1e99' }), [{ width: 0, height: 0, fps: null }]);
});

t.test('a device without a video profile is unsupported', async (t) => {
  t.throws(() => readProfiles(parseXml(Buffer.from('<R><Profiles token="a"><Name>audio</Name></Profiles></R>'))), {
    message: /\(unsupported/,
  });
});
