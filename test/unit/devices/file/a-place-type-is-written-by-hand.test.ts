import t from 'tap';
import { CitywatchError } from '../../../../src/core/errors.ts';
import { PLACE_TYPES, placeTypeOf } from '../../../../src/devices/file/place-types.ts';

t.test('a place type is read as code and in Chinese', async (t) => {
  for (const [code, chinese] of Object.entries(PLACE_TYPES)) {
    t.equal(placeTypeOf(code), code);
    t.equal(placeTypeOf(` ${chinese} `), code);
  }
  t.equal(placeTypeOf('Main-Road'), 'main-road');
});

t.test('a room where nothing may stand is refused by its name, however it is written', async (t) => {
  for (const text of ['女更衣室', '公共卫生间', '酒店客房', 'Toilet', 'nursing-room', '学生宿舍 3 楼']) {
    t.match(placeTypeOf(text, 'place'), { code: 'request.invalid', message: /place: .*Decree 799/ }, text);
  }
});

t.test('what is no place type is refused with those there are', async (t) => {
  for (const text of ['', 'moon', 'toString', '__proto__']) {
    const refusal = placeTypeOf(text);
    t.ok(refusal instanceof CitywatchError, text);
    t.match(refusal, { message: /must be one of .*main-road \(交通干线\)/ });
  }
});
