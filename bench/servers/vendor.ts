/** The vendor of the bench: the same reply for everybody, with as little work as node:http allows. */
import { createServer } from 'node:http';
import { announce } from './announce.ts';

const content = 'x'.repeat(700);
const head = { id: 'chatcmpl-bench', created: 1, model: 'bench-model' };
const whole = Buffer.from(
  JSON.stringify({
    ...{ ...head, object: 'chat.completion' },
    choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }],
    usage: { prompt_tokens: 20, completion_tokens: 200, total_tokens: 220 },
  }),
);
const event = (delta: object, finish: string | null): string =>
  `data: ${JSON.stringify({ ...head, object: 'chat.completion.chunk', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;
const events = Buffer.from(
  [
    event({ role: 'assistant', content: '' }, null),
    ...Array.from({ length: 20 }, (_, index) => event({ content: `word ${index} ` }, null)),
    event({}, 'stop'),
    'data: [DONE]\n\n',
  ].join(''),
);
const models = Buffer.from(JSON.stringify({ object: 'list', data: [{ id: 'bench-model', object: 'model' }] }));

const server = createServer((request, response) => {
  if (request.method === 'GET') {
    response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': models.length }).end(models);
    return;
  }
  let isStream = false;
  let isBroken = false;
  request.on('data', (part: Buffer) => {
    isStream ||= part.includes('"stream":true');
    isBroken ||= part.includes('"broken-model"');
  });
  request.on('end', () => {
    if (isBroken) response.writeHead(500, { 'Content-Length': 0 }).end();
    else if (isStream) {
      response.writeHead(200, { 'Content-Type': 'text/event-stream' });
      response.end(events);
    } else {
      response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': whole.length }).end(whole);
    }
  });
});
server.keepAliveTimeout = 60_000;
announce(server);
