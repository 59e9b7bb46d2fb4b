/** The floor: node:http and undici.dispatch, whose bytes are handed on in callbacks. */
import { createServer } from 'node:http';
import { Agent } from 'undici';
import { announce } from './announce.ts';

const origin = process.argv[2] ?? '';
const agent = new Agent({ connections: 256, allowH2: false });

const server = createServer((request, response) => {
  const parts: Buffer[] = [];
  request.on('data', (part: Buffer) => parts.push(part));
  request.on('end', () => {
    agent.dispatch(
      {
        ...{ origin, path: '/v1/chat/completions', method: 'POST' },
        headers: { 'content-type': 'application/json' },
        body: parts.length === 1 ? (parts[0] ?? '') : Buffer.concat(parts),
      },
      {
        onRequestStart: () => undefined,
        onResponseStart: (_controller, status, headers) => {
          response.writeHead(status, headers as Record<string, string>);
        },
        onResponseData: (_controller, bytes) => {
          response.write(bytes);
        },
        onResponseEnd: () => {
          response.end();
        },
        onResponseError: () => {
          response.destroy();
        },
      },
    );
  });
});
server.keepAliveTimeout = 60_000;
announce(server);
