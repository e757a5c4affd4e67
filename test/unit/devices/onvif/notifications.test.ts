import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import t from 'tap';
import { readNotifications, readTime } from '../../../../src/devices/onvif/notifications.ts';
import { readAnswer } from '../../../../src/devices/onvif/session.ts';

const NAMESPACES = [
  'xmlns:s="http://www.w3.org/2003/05/soap-envelope"',
  'xmlns:tev="http://www.onvif.org/ver10/events/wsdl"',
  'xmlns:wsnt="http://docs.oasis-open.org/wsn/b-2"',
  'xmlns:tt="http://www.onvif.org/ver10/schema"',
].join(' ');

const TNS1 = 'xmlns:tns1="http://www.onvif.org/ver10/topics"';

function read(messages: string, declared = TNS1) {
  const body = `<tev:PullMessagesResponse ${declared}>${messages}</tev:PullMessagesResponse>`;
  const text = `<s:Envelope ${NAMESPACES}><s:Body>${body}</s:Body></s:Envelope>`;
  return readNotifications(readAnswer(Buffer.from(text), 'PullMessages'));
}

function holder(topic: string, inside: string): string {
  const parts = `<wsnt:Topic>${topic}</wsnt:Topic><wsnt:Message>${inside}</wsnt:Message>`;
  return `<wsnt:NotificationMessage>${parts}</wsnt:NotificationMessage>`;
}

const MOTION = [
  '<tt:Message UtcTime="2026-01-02T03:04:05.678912Z" PropertyOperation="Changed">',
  '<tt:Source><tt:SimpleItem Name="VideoSourceConfigurationToken" Value="1"/></tt:Source>',
  '<tt:Data><tt:SimpleItem Name="IsMotion" Value="true"/></tt:Data></tt:Message>',
].join('');

t.test('a message is read as it was written', async (t) => {
  const { notifications, beyond } = read(holder(' tns1:RuleEngine/CellMotionDetector/Motion\n', MOTION));
  t.same(notifications, [
    {
      topic: 'RuleEngine/CellMotionDetector/Motion',
      utcTime: '2026-01-02T03:04:05.678912Z',
      atMs: Date.UTC(2026, 0, 2, 3, 4, 5, 678),
      operation: 'Changed',
      source: [['VideoSourceConfigurationToken', '1']],
      key: [],
      data: [['IsMotion', 'true']],
    },
  ]);
  t.equal(beyond, 0);
});

t.test('topics are told by their name space, whatever the prefix', async (t) => {
  const topicOf = (topic: string, declared?: string) => read(holder(topic, MOTION), declared).notifications[0]?.topic;
  t.equal(
    topicOf('x:Device/Trigger/DigitalInput', 'xmlns:x="http://www.onvif.org/ver10/topics"'),
    'Device/Trigger/DigitalInput',
  );
  t.equal(topicOf('tns1:Device/tns1:Trigger/tns1:Relay'), 'Device/Trigger/Relay');
  t.equal(topicOf('tns1:VideoAnalytics/tnsaxis:MotionDetection'), 'VideoAnalytics/MotionDetection');
  t.equal(
    topicOf('tns1:VideoSource/MotionAlarm', ''),
    'VideoSource/MotionAlarm',
    'by custom, when nothing declares it',
  );
  t.equal(topicOf('tns1:VideoSource/MotionAlarm', 'xmlns:tns1="urn:other"'), null);
  t.equal(topicOf('acme:VideoSource/MotionAlarm', 'xmlns:acme="urn:acme"'), null);
  t.equal(topicOf('VideoSource/MotionAlarm'), null);
  t.equal(topicOf(`tns1:${'a/'.repeat(200)}`), null);
  t.equal(topicOf(''), null);
});

t.test('one holder may carry several messages, or the attributes itself', async (t) => {
  t.equal(read(holder('tns1:VideoSource/MotionAlarm', MOTION + MOTION)).notifications.length, 2);
  const bare =
    '<wsnt:NotificationMessage><wsnt:Topic>tns1:VideoSource/MotionAlarm</wsnt:Topic>' +
    '<wsnt:Message UtcTime="2026-01-02T03:04:05Z"><tt:Data><tt:SimpleItem Name="State" Value="1"/></tt:Data>' +
    '</wsnt:Message></wsnt:NotificationMessage>';
  t.match(read(bare).notifications, [{ utcTime: '2026-01-02T03:04:05Z', data: [['State', '1']] }]);
  t.same(read('<wsnt:NotificationMessage/>').notifications, []);
});

t.test('times without a zone are UTC, and what is no time is none', async (t) => {
  t.equal(readTime('2013-07-25T16:44:01'), Date.UTC(2013, 6, 25, 16, 44, 1));
  t.equal(readTime('2013-07-25T16:44:01+08:00'), Date.UTC(2013, 6, 25, 8, 44, 1));
  for (const text of ['', 'now', '2013-13-45T99:99:99Z', '1763750000', '0001-01-01T00:00:00Z', '2013-07-25']) {
    t.equal(readTime(text), null, text);
  }
});

t.test('names, values and their number are bounded, and clean', async (t) => {
  const item = (name: string, value: string): string => `<tt:SimpleItem Name="${name}" Value="${value}"/>`;
  const items = item('a&#10;b', `x&#x202e;y${'z'.repeat(5_000)}`) + item('n', 'v').repeat(500);
  const { notifications } = read(holder('tns1:A', `<tt:Message><tt:Data>${items}</tt:Data></tt:Message>`));
  const { data, utcTime, atMs, operation } = notifications[0]!;
  t.equal(data.length, 32);
  t.equal(data[0]?.[0], 'a b');
  t.equal(data[0]?.[1].length, 256);
  t.match(data[0]?.[1], /^x yz+$/);
  t.same([utcTime, atMs, operation], [null, null, null]);
  const many = read(holder('tns1:A', '<tt:Message/>').repeat(1_500));
  t.same([many.notifications.length, many.beyond], [1_000, 500]);
});

t.test('recorded answers of real cameras', async (t) => {
  const recorded = (name: string) => readFile(new URL(`../../../fixtures/onvif/${name}.xml`, import.meta.url));
  const pulled = readAnswer(await recorded('hikvision/PullMessages.Response'), 'PullMessages');
  t.same(readNotifications(pulled), { notifications: [], beyond: 0 });
  for (const operation of ['PullMessages', 'CreatePullPointSubscription']) {
    const error = await recorded(`axis/${operation}.Error`);
    t.throws(() => readAnswer(error, operation), /device-fault/);
  }
});

t.test('no answer makes it throw anything but its own refusals', async () => {
  const word = fc.constantFrom(
    '',
    'tns1:',
    'tns1:RuleEngine/LineDetector/Crossed',
    '2026-01-02T03:04:05Z',
    'true',
    '&#0;',
    '&#xD800;',
  );
  const name = fc.constantFrom(
    'wsnt:NotificationMessage',
    'wsnt:Topic',
    'wsnt:Message',
    'tt:Message',
    'tt:Data',
    'tt:Source',
  );
  const { element } = fc.letrec<{ element: string }>((tie) => ({
    element: fc.oneof(
      { maxDepth: 6 },
      word,
      fc.tuple(word, word).map(([left, right]) => `<tt:SimpleItem Name="${left}" Value="${right}"/>`),
      fc
        .tuple(name, word, word, fc.array(tie('element'), { maxLength: 4 }))
        .map(
          ([tag, time, operation, inner]) =>
            `<${tag} UtcTime="${time}" PropertyOperation="${operation}">${inner.join('')}</${tag}>`,
        ),
    ),
  }));
  fc.assert(
    fc.property(fc.array(element, { maxLength: 5 }), (parts) => {
      try {
        read(parts.join(''));
      } catch (error) {
        if (!(error instanceof Error && error.name === 'OnvifError')) throw error;
      }
    }),
  );
});
