import { createHash } from 'node:crypto';
import { z } from 'zod';
import { CitywatchError, messageOf } from '../../../core/errors.ts';
import { path, type ValuesOf } from '../../../core/setup/setting.ts';
import { MailOutbound, MailRefused, type MailServer } from '../../../platform/outbound/mail.ts';
import { networks } from '../../../platform/outbound/network-setting.ts';
import { failed } from '../http/post.ts';
import {
  type Destination,
  SEND_DEADLINE_MS,
  type SendResult,
  type Sink,
  type SinkDeps,
  type SinkType,
} from '../sink.ts';
import { type TextFields, testFields, textFields } from '../text/fields.ts';

const SETTING = 'CITYWATCH_MAIL_NETWORKS';
const RECIPIENTS_MAX = 20;
/** One address and nothing else: no names, lists or line breaks that could become headers. */
const ADDRESS = /^[^\s@<>,;:"()[\]\\]{1,64}@[A-Za-z0-9.-]{1,253}$/;
const HOST = /^[A-Za-z0-9.:-]{1,253}$/;

const MAIL_SETTINGS = {
  networks: networks([SETTING, 'The only addresses at which mail servers are contacted.'], []),
  caFile: path([
    'CITYWATCH_MAIL_CA_FILE',
    'Certificates (PEM) of who signs those of mail servers, where the machine does not know them.',
  ]),
} as const;

type MailSettings = ValuesOf<typeof MAIL_SETTINGS>;

interface MailTarget {
  [field: string]: unknown;
  host: string;
  port: number;
  security: 'tls' | 'starttls' | 'none';
  from: string;
  to: string[];
  username?: string;
}

const address = z.string().regex(ADDRESS, 'is one mail address, such as desk@example.org');

const schema = z
  .strictObject({
    host: z.string().regex(HOST, 'is the name or IP address of a mail server'),
    port: z.int().min(1).max(65_535).meta({ description: 'Mostly 465 for `tls` and 587 for `starttls`' }),
    security: z
      .enum(['tls', 'starttls', 'none'])
      .meta({ description: '`none` sends in the clear: for a server on this machine' }),
    from: address,
    to: z.array(address).min(1).max(RECIPIENTS_MAX),
    username: z.string().min(1).max(256).optional().meta({ description: 'With `password`, where the server asks' }),
    password: z.string().min(1).max(1_024).optional(),
  })
  .check(({ value, issues }) => {
    if ((value.username === undefined) === (value.password === undefined)) {
      if (value.password === undefined || value.security !== 'none') return;
      const message = 'must not be `none` where there is a password';
      issues.push({ code: 'custom', path: ['security'], message, input: value });
      return;
    }
    const message = 'belongs to `username`: send both or none';
    issues.push({ code: 'custom', path: ['password'], message, input: value });
  });

/** Mail to an SMTP server of the user's: text alone, and none of what {@link TextFields} leaves out. */
export const mail: SinkType<'mail', typeof MAIL_SETTINGS> = {
  type: 'mail',
  settings: MAIL_SETTINGS,
  check: async () => [],
  open: mailSink,
};

function mailSink(settings: MailSettings, { clock, nameOfDistrict = () => null }: SinkDeps): Sink<MailTarget> {
  const outbound = new MailOutbound({ clock });
  const serverOf = ({ host, port, security, username }: MailTarget, password: string | undefined): MailServer => ({
    host,
    port,
    security,
    login: username !== undefined && password !== undefined ? { username, password } : null,
    networks: settings.networks,
    setting: SETTING,
    caFile: settings.caFile,
  });
  const say = async ({ target, secrets }: Destination<MailTarget>, fields: TextFields, at: string) => {
    const headers = { 'auto-submitted': 'auto-generated', 'x-citywatch-id': fields.id, ...threadOf(fields, target) };
    const message = {
      from: target.from,
      to: target.to,
      subject: subjectOf(fields),
      text: textOf(fields),
      messageId: `${fields.id}@${domainOf(target)}`,
      at,
      headers,
    };
    try {
      await outbound.send(serverOf(target, secrets.password?.[0]), message, SEND_DEADLINE_MS);
      return { outcome: 'taken', status: ACCEPTED } as const;
    } catch (error) {
      return resultOf(error);
    }
  };
  return {
    type: 'mail',
    schema,
    secretFields: ['password'],
    ownSecret: null,
    check: (target) => outbound.check(serverOf(target, undefined), SEND_DEADLINE_MS),
    endpoint: ({ target, secrets }) => {
      const { host, port, security, from, username } = target;
      const parts = [host, port, security, from, username, secrets];
      return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
    },
    send: (entry, to) => say(to, textFields(entry, nameOfDistrict), entry.at),
    test: (probe, to) => say(to, testFields(probe), probe.at),
  };
}

/** The server has it, and answers for it from then on (RFC 5321). */
const ACCEPTED = 250;

function resultOf(error: unknown): SendResult {
  if (error instanceof MailRefused) {
    const { status, message: reason, isLogin } = error;
    const retryable = status < 500 || isLogin;
    return { outcome: 'failed', status, reason, retryable, retryAfterMs: null };
  }
  if (error instanceof CitywatchError) return failed(messageOf(error));
  return failed('The gateway itself failed at it; its log says why.');
}

function subjectOf({ drill, severity, title, districtName, what }: TextFields): string {
  return [`${drill}${what}`, severity && `[${severity}]`, title, districtName].filter(Boolean).join(' ');
}

function textOf(fields: TextFields): string {
  const { drill, what, whatEn, title, titleEn, severity, severityEn, condition, conditionEn } = fields;
  const { districtName, district, at, count, alert } = fields;
  const lines = [
    `${drill}${what} ${whatEn}`,
    title && `${title} ${titleEn}`,
    severity && `级别 Severity: ${severity} ${severityEn}`,
    condition && `状态 Condition: ${condition} ${conditionEn}`,
    district && `辖区 District: ${districtName} (${district})`,
    `时间 Time: ${at} (北京时间 Beijing)`,
    count && `次数 Times: ${count}`,
    alert && `编号 Alert: ${alert}`,
  ];
  return `${lines.filter(Boolean).join('\n')}\n`;
}

/** All mail of one alert stands together. */
function threadOf({ alert }: TextFields, target: MailTarget): Record<string, string> {
  return alert === '' ? {} : { references: `<alert-${alert}@${domainOf(target)}>` };
}

function domainOf({ from }: MailTarget): string {
  return from.slice(from.lastIndexOf('@') + 1);
}
