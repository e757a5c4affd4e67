import type { ServerResponse } from 'node:http';
import type { WebFault } from './faults.ts';
import { envelope } from './onvif/soap.ts';

const DRIP_EVERY_MS = 500;
const DEPTH = 50_000;
const ENDLESS_CHUNK = Buffer.from('<tt:Filler>0123456789abcdef</tt:Filler>'.repeat(1_000));

/** Gives the bad answer; false when this fault leaves the answer itself alone. */
export function misbehave(fault: WebFault, response: ServerResponse): boolean {
  const xml = (text: string): true => {
    response.writeHead(200, { 'Content-Type': 'application/soap+xml; charset=utf-8' }).end(text);
    return true;
  };
  switch (fault) {
    case 'silent':
      return true;
    case 'drip':
      drip(response);
      return true;
    case 'endless':
      pour(response);
      return true;
    case 'nonsense':
      response.writeHead(200, { 'Content-Type': 'text/html' }).end('<html><body><h1>It works!<br></body></html>');
      return true;
    case 'broken-xml':
      return xml(envelope('<tds:GetSystemDateAndTimeResponse><tds:Sys').replace(/<\/env.*$/, ''));
    case 'dtd':
      return xml(`<!DOCTYPE a [<!ENTITY b "c">]>${envelope('<tds:Answer>&b;</tds:Answer>').replace(/^<\?.*\?>/, '')}`);
    case 'deep':
      return xml(envelope(`${'<tt:A>'.repeat(DEPTH)}${'</tt:A>'.repeat(DEPTH)}`));
    case 'foreign-host':
      return false;
  }
}

function drip(response: ServerResponse): void {
  const text = envelope('');
  let at = 0;
  response.writeHead(200, { 'Content-Type': 'application/soap+xml; charset=utf-8' });
  const timer = setInterval(() => response.write(text[at++ % text.length] ?? ' '), DRIP_EVERY_MS);
  response.once('close', () => clearInterval(timer));
}

function pour(response: ServerResponse): void {
  response.writeHead(200, { 'Content-Type': 'application/soap+xml; charset=utf-8' });
  response.write(envelope('').replace('</env:Body></env:Envelope>', ''));
  const more = (): void => {
    while (!response.destroyed && response.write(ENDLESS_CHUNK));
  };
  response.on('drain', more);
  more();
}
