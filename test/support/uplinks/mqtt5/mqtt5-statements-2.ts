import { four, joined, NONE, packet, subscribe5, text, two, unsubscribe5 } from './mqtt5.ts';
import {
  answered,
  BAD_UTF8,
  block,
  COMMAND,
  closed,
  connect,
  MALFORMED,
  PROTOCOL,
  type Statement,
  TOPIC,
  twice,
} from './mqtt5-statements.ts';

const suback = (...granted: number[]) => ({ cmd: 'suback', messageId: 1, granted });
const unsuback = (...granted: number[]) => ({ cmd: 'unsuback', messageId: 1, granted });

export const SUBSCRIBING: Statement[] = [
  closed('2.2.1-3', 'SUBSCRIBE with packet id 0', PROTOCOL, subscribe5([[COMMAND, 1]], NONE, 0)),
  closed('3.8.1-1', 'wrong flags', MALFORMED, joined([0x80], subscribe5([[COMMAND, 1]]).subarray(1))),
  closed('3.8.3-1', 'a filter that is not UTF-8', MALFORMED, subscribe5([[BAD_UTF8, 1]])),
  closed('3.8.3-2', 'no filter', PROTOCOL, subscribe5([])),
  closed('3.8.3-4', 'No Local on a shared subscription', PROTOCOL, subscribe5([[`$share/g/${COMMAND}`, 5]])),
  closed('3.8.3-5', 'reserved bits in the options', MALFORMED, subscribe5([[COMMAND, 0x41]])),
  closed('§3.8.3.1', 'QoS 3', PROTOCOL, subscribe5([[COMMAND, 3]])),
  closed('§3.8.3.1', 'Retain Handling 3', PROTOCOL, subscribe5([[COMMAND, 0x31]])),
  closed('§3.8.3', 'a filter without options', MALFORMED, packet(0x82, two(1), NONE, text(COMMAND))),
  closed('§3.8.2.1.2', 'subscription identifier 0', PROTOCOL, subscribe5([[COMMAND, 1]], block(11, [0]))),
  closed('§3.8.2.1.2', 'one at all: CONNACK offers none', 0xa1, subscribe5([[COMMAND, 1]], block(11, [1]))),
  closed('§2.2.2.2', 'a property of PUBLISH', MALFORMED, subscribe5([[COMMAND, 1]], block(35, two(1)))),
  closed('4.7.3-1', 'an empty filter', PROTOCOL, subscribe5([['', 1]])),
  closed('4.7.3-2', 'U+0000 in a filter', MALFORMED, subscribe5([['a\u0000', 1]])),
  answered('3.8.4-1', 'SUBACK with its packet id', suback(1), subscribe5([[COMMAND, 1]])),
  answered('3.2.2-10', 'QoS 2 is taken and granted as 1', suback(1), subscribe5([[COMMAND, 2]])),
  answered(
    '3.8.4-6',
    'a code for each filter, in their order',
    suback(0x87, 1, 0x87),
    subscribe5([
      ['cw/v1/k2/command', 1],
      [COMMAND, 1],
      [TOPIC, 0],
    ]),
  ),
  answered(
    '3.9.3-2',
    'wildcards, which CONNACK does not offer',
    suback(0xa2, 0xa2),
    subscribe5([
      ['#', 1],
      ['cw/+/a', 0],
    ]),
  ),
  answered('4.8.2-1', 'shares, which CONNACK does not offer', suback(0x9e), subscribe5([[`$share/g/${COMMAND}`, 1]])),
  answered(
    '4.7.1-1',
    '# that is not the last level',
    suback(0x8f, 0x8f),
    subscribe5([
      ['a/#/b', 1],
      ['a#', 1],
    ]),
  ),
  answered('4.7.1-2', '+ that is not a whole level', suback(0x8f), subscribe5([['a/b+', 1]])),
  answered('4.7.3-4', 'nothing is normalised', suback(0x87), subscribe5([[`/${COMMAND}`, 1]])),
  closed('2.2.1-3', 'UNSUBSCRIBE with packet id 0', PROTOCOL, unsubscribe5([COMMAND], NONE, 0)),
  closed('3.10.1-1', 'wrong flags', MALFORMED, joined([0xa0], unsubscribe5([COMMAND]).subarray(1))),
  closed('3.10.3-1', 'a filter that is not UTF-8', MALFORMED, unsubscribe5([BAD_UTF8])),
  closed('3.10.3-2', 'no filter', PROTOCOL, unsubscribe5([])),
  closed('§3.10.3', 'a filter longer than the packet', MALFORMED, packet(0xa2, two(1), NONE, [0, 9, 0x61])),
  closed('§2.2.2.2', 'a property of SUBSCRIBE', MALFORMED, unsubscribe5([COMMAND], block(11, [1]))),
  answered('3.10.4-5', 'UNSUBACK where there was none', unsuback(0x11), unsubscribe5([COMMAND])),
  answered(
    '3.10.4-1',
    'UNSUBACK where there was one',
    unsuback(0),
    joined(subscribe5([[COMMAND, 1]]), unsubscribe5([COMMAND])),
  ),
  answered(
    '3.10.4-6',
    'one UNSUBACK, a code for each filter in their order',
    unsuback(0x11, 0, 0x11),
    joined(subscribe5([[COMMAND, 1]]), unsubscribe5(['a', COMMAND, COMMAND])),
  ),
];

export const TALKING: Statement[] = [
  closed('3.1.0-2', 'a second CONNECT', PROTOCOL, connect({})),
  closed('2.1.3-1', 'PINGREQ with flags', MALFORMED, Buffer.from([0xc1, 0])),
  closed('§3.12', 'PINGREQ with a body', MALFORMED, Buffer.from([0xc0, 1, 0])),
  answered('3.12.4-1', 'PINGREQ gets its PINGRESP', { cmd: 'pingresp' }, Buffer.from([0xc0, 0])),
  closed('2.1.3-1', 'PUBACK with flags', MALFORMED, packet(0x41, two(1))),
  closed('3.4.2-1', 'PUBACK with a code that is none', MALFORMED, packet(0x40, two(1), [0x77])),
  closed('§3.4.2.2', 'PUBACK with a property of PUBLISH', MALFORMED, packet(0x40, two(1), [0], block(35, two(1)))),
  closed('§3.4.2.2', 'PUBACK with a reason string twice', PROTOCOL, packet(0x40, two(1), [0], twice(31, text('a')))),
  closed('§3.4.2', 'PUBACK with bytes behind', MALFORMED, packet(0x40, two(1), [0], NONE, [1])),
  closed('§2.1.2', 'packets that only a server sends', PROTOCOL, Buffer.from([0xd0, 0])),
  closed('3.6.1-1', 'PUBREL, since there is no QoS 2', PROTOCOL, packet(0x62, two(1))),
  closed('4.12.0-7', 'AUTH without a method in CONNECT', PROTOCOL, Buffer.from([0xf0, 0])),
  closed('3.14.1-1', 'DISCONNECT with flags', MALFORMED, Buffer.from([0xe1, 0])),
  closed('3.14.2-1', 'DISCONNECT with a code that is none', MALFORMED, packet(0xe0, [0x77])),
  closed(
    '§3.14.2.2.2',
    'a session expiry at the end where CONNECT had none',
    PROTOCOL,
    packet(0xe0, [0], block(17, four(60))),
  ),
  closed('§3.14.2.2.5', 'a server reference from a client', MALFORMED, packet(0xe0, [0], block(28, text('a')))),
  closed('§3.14.2', 'DISCONNECT with bytes behind', MALFORMED, packet(0xe0, [0], NONE, [1])),
  closed('§2.1.4', 'a length of five bytes', MALFORMED, Buffer.from([0x30, 0xff, 0xff, 0xff, 0xff, 1])),
];

/** Statements of the appendix that bind a server and say nothing about ours. */
export const NOT_OURS: [ids: string, reason: string][] = [
  ['3.1.2-5 3.1.2-23 3.2.2-3 4.1.0-1 4.1.0-2 4.4.0-1', 'no session outlives its connection: CONNACK says expiry 0'],
  ['3.1.2-7 3.1.2-10 3.1.2-14 3.1.2-15', 'a will becomes a message of the journal, not one for subscribers'],
  ['3.1.2-26 3.1.2-27 3.3.2-7 3.3.2-11 3.3.2-12', 'no aliases in either direction'],
  ['3.1.2-28 3.1.2-29 3.2.2-19 3.2.2-20 3.4.2-2 3.4.2-3', 'we send no reason strings, user properties or hints'],
  ['3.9.2-1 3.9.2-2 3.11.2-1 3.11.2-2 3.14.2-3 3.14.2-4', 'as before'],
  ['3.1.3-7 3.2.2-16', 'an empty client id is refused: it is the id of a device'],
  ['3.1.3-9', 'a will goes out at once: the delay is a wish, and the alert that a device is silent must not wait'],
  ['3.2.2-13', 'retained messages are taken: the newest state of a device is kept for ever'],
  [
    '3.3.1-5 3.3.1-6 3.3.1-7 3.3.1-8 3.3.1-9 3.3.1-10 3.3.1-11 3.3.1-12 3.3.1-13',
    'nothing is forwarded to subscribers',
  ],
  ['3.3.2-4 3.3.2-5 3.3.2-6 3.3.2-15 3.3.2-16 3.3.2-17 3.3.2-18 3.3.2-20', 'as before: messages end in the journal'],
  [
    '3.3.4-2 3.3.4-3 3.3.4-4 3.8.3-3 3.8.4-3 3.8.4-4 3.8.4-8',
    'as before: a device hears its commands and nothing else',
  ],
  ['4.5.0-1 4.6.0-5 4.6.0-6 4.7.2-1 4.8.2-3 4.8.2-4 4.8.2-5 4.8.2-6', 'as before'],
  ['3.5.2-1 3.7.2-1 3.6.2-1 4.3.3-1 4.3.3-8', 'QoS 2 is not served, as Maximum QoS 1 in CONNACK says'],
  ['3.15.1-1 3.15.2-1 4.12.0-2 4.12.0-4 4.12.0-5 4.12.0-6 4.12.1-1', 'no enhanced authentication'],
  ['3.3.4-7', 'a device that sends more than Receive Maximum is not read until it has its acknowledgements'],
  ['6.0.0-1', 'no WebSocket'],
];
