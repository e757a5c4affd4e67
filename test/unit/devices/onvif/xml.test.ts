import fc from 'fast-check';
import t from 'tap';
import { at, escapeXml, labelText, namespaceOf, parseXml, XML_MAX_BYTES } from '../../../../src/devices/onvif/xml.ts';
import { anyCharacter } from '../../../support/any-text.ts';
import { countProcessorTime } from '../../../support/time/processor-time.ts';

const parse = (text: string) => parseXml(Buffer.from(text));

function took(run: () => void): number {
  const spentMs = countProcessorTime();
  run();
  return spentMs();
}

t.test('elements keep their text, attributes lose their prefixes', async (t) => {
  const root = parse('<?xml version="1.0"?><a:R xmlns:a="urn:a"><a:S b:token="1&amp;2"> 2.10 </a:S><a:T/></a:R>');
  t.equal(root.name, 'R');
  t.equal(at(root, 'S')?.text, '2.10');
  t.equal(at(root, 'S')?.attributes.get('token'), '1&2');
  t.equal(at(root, 'T')?.text, '');
  t.equal(at(root, 'S', 'U'), undefined);
});

t.test('a prefix means what the nearest declaration around it says', async (t) => {
  const root = parse('<R xmlns="urn:0" xmlns:a="urn:1"><a:S xmlns:a="urn:2"/><T b="1"/></R>');
  t.equal(namespaceOf(root, ''), 'urn:0');
  t.equal(namespaceOf(at(root, 'S')!, 'a'), 'urn:2');
  t.equal(namespaceOf(at(root, 'S')!, ''), 'urn:0');
  t.equal(namespaceOf(at(root, 'T')!, 'a'), 'urn:1');
  t.equal(namespaceOf(root, 'unknown'), '');
  t.equal(at(root, 'S')?.prefix, 'a');
  t.same([...root.attributes], [], 'a declaration is no attribute');
});

t.test('an element that declares a prefix holds that one alone, and leads to those around it', async (t) => {
  const outer = Array.from({ length: 1_200 }, (_, index) => `xmlns:n${index}="u"`).join(' ');
  const inner = Array.from({ length: 20_000 }, (_, index) => `<a xmlns:b${index}="u"/>`).join('');
  const root = parse(`<r ${outer}>${inner}</r>`);
  t.equal(root.children.length, 20_000);
  t.equal(root.scope?.declared.size, 1_200);
  t.ok(root.children.every(({ scope }) => scope?.declared.size === 1 && scope.outer === root.scope));
});

t.test('an answer of the largest size, whatever it is made of, is judged in a short turn', async (t) => {
  const filled = (head: string, piece: string, tail = ''): string => {
    const room = XML_MAX_BYTES - head.length - tail.length;
    return `${head}${piece.repeat(Math.floor(room / piece.length))}${tail}`;
  };
  const worst: Record<string, string> = {
    'a name without an end': filled('<', 'a'),
    'a closing name without an end': filled('</', 'a'),
    'many names without an end': filled('', '<a '),
    'an attribute without an end': filled('<a ', 'b'),
    'a value without an end': filled('<a b="', 'c'),
    'a comment without an end': filled('<a><!--', '-'),
    'raw text without an end': filled('<a><![CDATA[', ']]'),
    blanks: filled('<a ', ' '),
    references: filled('<a>', '&a', '</a>'),
    'a name of colons': filled('<a', ':', '/>'),
  };
  for (const [name, text] of Object.entries(worst)) {
    const ms = took(() => {
      try {
        parse(text);
      } catch (error) {
        t.match(error, { problem: 'malformed' }, name);
      }
    });
    t.ok(ms < 2_000, `${name} took ${ms} ms`);
  }
});

t.test('an ampersand that begins no entity is one', async (t) => {
  const address = 'rtsp://10.1.2.3/user=a&onvif=0.sdp?real&x';
  t.equal(parse(`<a>${address}</a>`).text, address);
  t.equal(parse('<a b="1&2">&& &amp;</a>').attributes.get('b'), '1&2');
  t.equal(parse('<a>&& &amp; &</a>').text, '&& & &');
});

t.test('only the entities of XML itself mean anything', async (t) => {
  t.equal(parse('<a>&lt;b&gt; &#20013;&#x4e2d; &unknown; &amp;lt;</a>').text, '<b> 中中 &unknown; &lt;');
});

const REFUSED: Record<string, string> = {
  'a document type': '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
  'a parameter entity': '<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>',
  'an entity alone': '<a><!ENTITY b "c"></a>',
  nothing: '',
  'text alone': 'hello',
  'an element without end': '<a><b></a>',
  'too deep': `${'<a>'.repeat(65)}${'</a>'.repeat(65)}`,
  'deep without end': '<a>'.repeat(300_000),
  'too many elements': `<a>${'<b/>'.repeat(50_001)}</a>`,
  'too many attributes': `<a ${Array.from({ length: 9_000 }, (_, index) => `b${index}="1"`).join(' ')}/>`,
  'a prototype': '<a><__proto__><polluted>1</polluted></__proto__></a>',
  'a prefixed constructor': '<a><x:constructor/></a>',
  'an attribute prototype': '<a __proto__="1"/>',
};

for (const [name, text] of Object.entries(REFUSED)) {
  t.test(`${name} is refused`, async (t) => {
    const ms = took(() => t.throws(() => parse(text), { message: /\(malformed/ }));
    t.ok(ms < 2_000, `took ${ms} ms`);
    t.equal(({} as Record<string, unknown>).polluted, undefined);
  });
}

t.test('more than a mebibyte is not even looked at', async (t) => {
  t.throws(() => parseXml(Buffer.alloc(1024 * 1024 + 1, 0x20)), { message: /\(too-big/ });
});

t.test('text that is not UTF-8 is read as the Chinese encoding it is', async (t) => {
  const gbk = Buffer.concat([
    Buffer.from('<?xml version="1.0" encoding="GB2312"?><a>'),
    Buffer.from([0xd5, 0xe3, 0x42]),
  ]);
  t.equal(parseXml(Buffer.concat([gbk, Buffer.from('</a>')])).text, '浙B');
  t.equal(
    parse('<?xml version="1.0" encoding="GB2312"?><a>浙B</a>').text,
    '浙B',
    'a false declaration does not matter',
  );
});

t.test('labels are short and without control or direction characters', async (t) => {
  const label = labelText(parse(`<a>x&#13;&#10;y\u202egpj ${'z'.repeat(10_000)}</a>`));
  t.match(label, /^x y gpj z+$/);
  t.equal(label.length, 256);
});

t.test('whatever is escaped is read back as it was', async () => {
  const texts = fc
    .string({ unit: anyCharacter, minLength: 1 })
    .filter((text) => text.trim() === text && !/\p{Cc}/u.test(text));
  fc.assert(fc.property(texts, (text) => parse(`<a>${escapeXml(text)}</a>`).text === text));
});

t.test('no bytes make the parser throw anything but its own refusals', async () => {
  const pieces = fc.constantFrom(
    '<a>',
    '</a>',
    '<a b="c">',
    '<',
    '>',
    '&',
    '"',
    '<!--',
    '-->',
    '<![CDATA[',
    ']]>',
    '<?',
    'x',
  );
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 40 }), (parts) => {
      try {
        parse(parts.join(''));
      } catch (error) {
        if (!(error instanceof Error && error.name === 'OnvifError')) throw error;
      }
    }),
  );
});
