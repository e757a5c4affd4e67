import { SECRET } from '../mqtt.ts';
import {
  type Bytes,
  CLEAN_LOGIN,
  connect5,
  four,
  joined,
  NONE,
  packet,
  properties,
  property,
  publish5,
  text,
  two,
} from './mqtt5.ts';

/**
 * Statements of MQTT 5 that bind a server (OASIS standard of 7 March 2019, numbers of its appendix B; § where the text
 * has no number), over the topics of one device. `bytes` are sent by a device that is connected, or instead of its
 * CONNECT.
 */
export type Statement = { id: string; what: string; bytes: Buffer } & (
  | { instead: true; connack: number | null }
  | { closed: number }
  | { answer: Record<string, unknown> }
);

export const ID = 'k1';
export const TOPIC = `cw/v1/${ID}/telemetry`;
export const COMMAND = `cw/v1/${ID}/command`;
export const MALFORMED = 0x81;
export const PROTOCOL = 0x82;

/** The CONNECT is refused with this code, or (null) the connection is closed without a word. */
const refused = (id: string, what: string, connack: number | null, bytes: Buffer): Statement => ({
  id,
  what,
  bytes,
  connack,
  instead: true,
});
/** The packet ends the connection with this code, and nothing of it is taken in. */
export const closed = (id: string, what: string, code: number, bytes: Buffer): Statement => ({
  id,
  what,
  bytes,
  closed: code,
});
export const answered = (id: string, what: string, answer: Record<string, unknown>, bytes: Buffer): Statement => ({
  id,
  what,
  bytes,
  answer,
});

export const block = (id: number, value: Bytes): Buffer => properties(property(id, value));
export const BAD_UTF8 = Buffer.from([0xc3, 0x28]);
const SURROGATE = Buffer.from([0xed, 0xa0, 0x80]);
const WILL = 0x04;
const will = (over: { block?: Bytes; topic?: string; payload?: Bytes } = {}): Buffer =>
  joined(over.block ?? NONE, text(over.topic ?? `cw/v1/${ID}/state`), over.payload ?? text('{}'));
export const connect = (over: Parameters<typeof connect5>[1]): Buffer => connect5(ID, over);
const withWill = (over: Parameters<typeof will>[0], flags = CLEAN_LOGIN | WILL): Buffer =>
  connect({ flags, will: will(over) });

export const CONNECTING: Statement[] = [
  refused('1.5.4-1', 'a client id that is not UTF-8', MALFORMED, connect({ clientId: text(BAD_UTF8) })),
  refused('1.5.4-1', 'a user name with a surrogate', MALFORMED, connect({ username: text(SURROGATE) })),
  refused('1.5.4-2', 'U+0000 in a user name', MALFORMED, connect({ username: text('k1\u0000') })),
  refused('1.5.5-1', 'a property length in two bytes that needs one', MALFORMED, connect({ properties: [0x80, 0] })),
  refused(
    '1.5.7-1',
    'a user property that is not UTF-8',
    MALFORMED,
    connect({
      properties: block(38, joined(text('a'), text(BAD_UTF8))),
    }),
  ),
  refused('2.2.2-1', 'no property length', MALFORMED, packet(0x10, text('MQTT'), [5, CLEAN_LOGIN], two(60))),
  refused('2.1.3-1', 'flags below CONNECT', null, joined([0x11], connect({}).subarray(1))),
  refused('3.1.0-1', 'a PUBLISH first', null, publish5(TOPIC)),
  refused('3.1.2-1', 'another protocol name', null, packet(0x10, text('MQTX'), [5, 2], two(60), NONE, text(ID))),
  refused('3.1.2-2', 'version 6', 0x84, connect({ level: 6 })),
  refused('3.1.2-3', 'the reserved flag', MALFORMED, connect({ flags: CLEAN_LOGIN | 1 })),
  refused('3.1.2-9', 'a will flag without a will', MALFORMED, connect({ flags: CLEAN_LOGIN | WILL })),
  refused('3.1.2-11', 'will QoS without a will', MALFORMED, connect({ flags: CLEAN_LOGIN | 0x08 })),
  refused('3.1.2-12', 'will QoS 3', MALFORMED, withWill({}, CLEAN_LOGIN | WILL | 0x18)),
  refused('3.1.2-13', 'will retain without a will', MALFORMED, connect({ flags: CLEAN_LOGIN | 0x20 })),
  refused('3.1.2-16', 'a user name without its flag', MALFORMED, connect({ flags: 0x42, password: text(SECRET) })),
  refused('3.1.2-17', 'a user name flag without one', MALFORMED, connect({ username: [], password: [] })),
  refused('3.1.2-18', 'a password without its flag', MALFORMED, connect({ flags: 0x82 })),
  refused('3.1.2-19', 'a password flag without one', MALFORMED, connect({ password: [] })),
  refused('3.1.2-24', 'a largest packet that no CONNACK fits into', 0x95, connect({ properties: block(39, four(10)) })),
  refused('3.1.2-24', 'one that nothing fits into', null, connect({ properties: block(39, four(2)) })),
  refused('§3.1.2.11.3', 'Receive Maximum 0', PROTOCOL, connect({ properties: block(33, two(0)) })),
  refused('§3.1.2.11.4', 'Maximum Packet Size 0', PROTOCOL, connect({ properties: block(39, four(0)) })),
  refused('§3.1.2.11.6', 'Request Response Information 2', PROTOCOL, connect({ properties: block(25, [2]) })),
  refused('§3.1.2.11.7', 'Request Problem Information 2', PROTOCOL, connect({ properties: block(23, [2]) })),
  refused(
    '§3.1.2.11.10',
    'authentication data without a method',
    PROTOCOL,
    connect({ properties: block(22, text('x')) }),
  ),
  refused(
    '§2.2.2.2',
    'a property twice',
    PROTOCOL,
    connect({
      properties: properties(property(33, two(5)), property(33, two(5))),
    }),
  ),
  refused('§2.2.2.2', 'a property that is none', MALFORMED, connect({ properties: block(99, [0]) })),
  refused('§2.2.2.2', 'a property of PUBLISH', MALFORMED, connect({ properties: block(35, two(1)) })),
  refused('§2.2.2.2', 'a property only servers send', MALFORMED, connect({ properties: block(36, [1]) })),
  refused('§2.2.2.1', 'a property cut by its block', MALFORMED, connect({ properties: [2, 33, 0] })),
  refused('§2.2.2.1', 'a block longer than the packet', MALFORMED, connect({ properties: [0x7f] })),
  refused('3.1.3-1', 'bytes behind the last field', MALFORMED, connect({ trailing: [0] })),
  refused('3.1.3-3', 'no client id', MALFORMED, packet(0x10, text('MQTT'), [5, 2], two(60), NONE)),
  refused('3.1.3-6', 'an empty client id', 0x85, connect({ clientId: text('') })),
  refused('3.1.3-8', 'a client id we do not take', 0x85, connect({ clientId: text('a b') })),
  refused(
    '3.1.3-11',
    'a will topic that is not UTF-8',
    MALFORMED,
    connect({
      flags: CLEAN_LOGIN | WILL,
      will: joined(NONE, text(BAD_UTF8), text('{}')),
    }),
  ),
  refused('3.1.3-12', 'a user name that is not UTF-8', MALFORMED, connect({ username: text(BAD_UTF8) })),
  refused('§3.1.3.2', 'a will property of CONNECT', MALFORMED, withWill({ block: block(33, two(1)) })),
  refused(
    '§3.1.3.2',
    'a will delay twice',
    PROTOCOL,
    withWill({
      block: properties(property(24, four(1)), property(24, four(1))),
    }),
  ),
  refused('§3.1.3.2.3', 'a will with payload format 2', PROTOCOL, withWill({ block: block(1, [2]) })),
  refused(
    '3.3.2-14',
    'a will with a wildcard in its response topic',
    PROTOCOL,
    withWill({ block: block(8, text('a/#')) }),
  ),
  refused('3.1.4-2', 'a wrong secret', 0x86, connect({ password: text('wrong') })),
  refused('3.1.4-2', 'a will at a foreign topic', 0x87, withWill({ topic: 'cw/v1/k2/state' })),
  refused('3.2.2-12', 'will QoS 2', 0x9b, withWill({}, CLEAN_LOGIN | WILL | 0x10)),
  refused('4.12.0-1', 'an authentication method', 0x8c, connect({ properties: block(21, text('SCRAM')) })),
];

const OK = properties();
export const twice = (id: number, value: Bytes): Buffer => properties(property(id, value), property(id, value));
const publishing = (over: Parameters<typeof publish5>[1]): Buffer => publish5(TOPIC, over);

export const PUBLISHING: Statement[] = [
  closed(
    '2.2.1-2',
    'QoS 0 with a packet id in the place of properties',
    MALFORMED,
    joined([0x30], [TOPIC.length + 5], text(TOPIC), two(300), [0]),
  ),
  closed('2.2.1-3', 'packet id 0', PROTOCOL, publishing({ packetId: 0 })),
  closed('3.2.2-11', 'QoS 2, which CONNACK does not offer', 0x9b, publishing({ flags: 4 })),
  closed(
    '3.2.2-15',
    'a packet one byte above Maximum Packet Size',
    0x95,
    publishing({ payload: Buffer.alloc(266_188) }),
  ),
  closed('3.2.2-18', 'an alias, of which CONNACK offers none', 0x94, publishing({ properties: block(35, two(1)) })),
  closed('3.3.1-2', 'DUP with QoS 0', MALFORMED, publishing({ flags: 8 })),
  closed('3.3.1-4', 'QoS 3', MALFORMED, publishing({ flags: 6 })),
  closed('3.3.2-1', 'a topic that is not UTF-8', MALFORMED, publish5(BAD_UTF8)),
  closed('3.3.2-1', 'a topic longer than the packet', MALFORMED, Buffer.from([0x30, 3, 0, 9, 0x61])),
  closed('3.3.2-2', 'a wildcard in the topic', 0x90, publish5('cw/v1/+/telemetry')),
  closed('3.3.2-8', 'alias 0', 0x94, publishing({ properties: block(35, two(0)) })),
  closed('3.3.2-9', 'an alias with an empty topic', 0x94, publish5('', { properties: block(35, two(1)) })),
  closed(
    '3.3.2-13',
    'a response topic that is not UTF-8',
    MALFORMED,
    publishing({ properties: block(8, text(BAD_UTF8)) }),
  ),
  closed('3.3.2-14', 'a wildcard in the response topic', PROTOCOL, publishing({ properties: block(8, text('a/+')) })),
  closed(
    '3.3.2-19',
    'a content type that is not UTF-8',
    MALFORMED,
    publishing({ properties: block(3, text(BAD_UTF8)) }),
  ),
  closed('3.3.4-6', 'a subscription identifier from a client', PROTOCOL, publishing({ properties: block(11, [1]) })),
  closed('§3.3.2.3.2', 'payload format 2', PROTOCOL, publishing({ properties: block(1, [2]) })),
  closed('§3.3.2.3.2', 'payload format twice', PROTOCOL, publishing({ properties: twice(1, [1]) })),
  closed('§3.3.2.3.3', 'an expiry cut short', MALFORMED, publishing({ properties: [3, 2, 0, 0], payload: '' })),
  closed('§3.3.2.3.5', 'a response topic twice', PROTOCOL, publishing({ properties: twice(8, text('a')) })),
  closed('§2.2.2.2', 'a property that is none', MALFORMED, publishing({ properties: block(42, [0]) })),
  closed('§2.2.2.2', 'a property of CONNECT', MALFORMED, publishing({ properties: block(33, two(1)) })),
  closed('1.5.5-1', 'a property length in two bytes that needs one', MALFORMED, publishing({ properties: [0x80, 0] })),
  closed(
    '1.5.7-1',
    'U+0000 in a user property',
    MALFORMED,
    publishing({
      properties: block(38, joined(text('a'), text('\u0000'))),
    }),
  ),
  closed('4.7.3-1', 'an empty topic', PROTOCOL, publish5('')),
  closed('4.7.3-2', 'U+0000 in the topic', MALFORMED, publish5(`${TOPIC}\u0000`)),
  closed('§4.13', "another device's topic", 0x87, publish5('cw/v1/k2/telemetry')),
  answered('3.3.4-1', 'QoS 1 gets its PUBACK', { cmd: 'puback', messageId: 7 }, publishing({ packetId: 7 })),
  answered(
    '4.3.2-4',
    'with every property a client may send',
    { cmd: 'puback', messageId: 8 },
    publishing({
      packetId: 8,
      properties: properties(
        ...[property(1, [1]), property(2, four(60)), property(3, text('application/json'))],
        ...[property(8, text('cw/v1/k1/answers')), property(9, text('id')), property(38, joined(text('a'), text('b')))],
        property(38, joined(text('a'), text('b'))),
      ),
    }),
  ),
  answered(
    '4.3.2-5',
    'DUP is a message like any other',
    { cmd: 'puback', messageId: 9 },
    publishing({
      flags: 10,
      packetId: 9,
      properties: OK,
    }),
  ),
];
