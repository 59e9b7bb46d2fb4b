/** The bare proxy: node:http and undici streams, no logic at all. */
import { createServer } from 'node:http';
import { Agent } from 'undici';
import { announce } from './announce.ts';

const origin = process.argv[2] ?? '';
const agent = new Agent({ connections: 256, allowH2: false });

const server = createServer((request, response) => {
  agent.stream(
    {
      origin,
      path: '/v1/chat/completions',
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: request,
    },
    ({ statusCode, headers }) => {
      response.writeHead(statusCode, { 'Content-Type': String(headers['content-type'] ?? 'application/json') });
      return response;
    },
    (error) => {
      if (error) response.destroy();
    },
  );
});
server.keepAliveTimeout = 60_000;
announce(server);
