/** Requests no client library would make. */
import { connect, type Socket } from 'node:net';

/** Sends these very bytes and settles with all that comes back until the server closes the connection. */
export function exchange(port: number, request: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(request));
    let answer = '';
    socket.setEncoding('latin1');
    socket.on('data', (text) => {
      answer += text;
    });
    socket.on('error', (error: NodeJS.ErrnoException) => (answer === '' ? reject(error) : resolve(answer)));
    socket.on('close', () => resolve(answer));
  });
}

/** A request of these header lines, as a browser sends it, that asks to close the connection afterwards. */
export function request(line: string, ...headers: readonly string[]): string {
  return [`${line} HTTP/1.1`, ...headers, 'Connection: close', '', ''].join('\r\n');
}

/** The upgrade request of a WebSocket with these header lines. */
export function upgrade(path: string, ...headers: readonly string[]): string {
  const fixed = ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13'];
  return [
    `GET ${path} HTTP/1.1`,
    ...headers,
    ...fixed,
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    'Sec-WebSocket-Extensions: permessage-deflate',
    '',
    '',
  ].join('\r\n');
}

/** The head of what an upgrade is answered with; the connection is dropped afterwards. */
export function upgradeAnswer(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket: Socket = connect(port, '127.0.0.1', () => socket.write(text));
    socket.once('data', (bytes) => {
      socket.destroy();
      resolve(bytes.toString('latin1').split('\r\n\r\n', 1)[0] ?? '');
    });
    socket.on('error', reject);
  });
}

export const statusOf = (answer: string): number => Number(answer.split(' ', 2)[1]);

export function headerOf(answer: string, name: string): string | undefined {
  const line = answer.split('\r\n').find((text) => text.toLowerCase().startsWith(`${name.toLowerCase()}:`));
  return line?.slice(name.length + 1).trim();
}

export const bodyOf = (answer: string): string => answer.slice(answer.indexOf('\r\n\r\n') + 4);
