// The rival of scripts/bench: Fastify and nats.js do what webhook-ingest does for a WhatsApp webhook. Raw-body HMAC
// in constant time, parse, one publish with Nats-Msg-Id for each message, 200 after every PubAck.
'use strict';

const crypto = require('node:crypto');
const fastify = require('fastify');
const nats = require('nats');

const settings = {
  port: Number(process.env.RIVAL_PORT),
  natsUrl: process.env.RIVAL_NATS_URL,
  secret: process.env.RIVAL_SECRET,
  partitionCount: Number(process.env.RIVAL_PARTITIONS || 8),
};

function signatureMatches(header, body) {
  if (typeof header !== 'string' || !header.startsWith('sha256=')) return false;
  const given = Buffer.from(header.slice(7), 'hex');
  const wanted = crypto.createHmac('sha256', settings.secret).update(body).digest();
  return given.length === wanted.length && crypto.timingSafeEqual(given, wanted);
}

function fnv1a32(text) {
  let hash = 2166136261;
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, 16777619) >>> 0;
  return hash;
}

function* messagesOf(webhook) {
  for (const entry of webhook.entry) {
    for (const change of entry.changes) {
      const phone = change.value.metadata.phone_number_id;
      for (const message of change.value.messages || []) yield { phone, message };
    }
  }
}

async function main() {
  const connection = await nats.connect({ servers: settings.natsUrl });
  const jetstream = connection.jetstream();
  const app = fastify({ logger: false, bodyLimit: 4 * 1024 * 1024 });
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => done(null, body));

  app.post('/v1/hooks/meta', async (request, reply) => {
    if (!signatureMatches(request.headers['x-hub-signature-256'], request.body)) return reply.code(401).send();
    const publishes = [];
    for (const { phone, message } of messagesOf(JSON.parse(request.body))) {
      const partition = fnv1a32(`1${phone}${message.from}`) % settings.partitionCount;
      const event = Buffer.from(JSON.stringify({
        tenant: 1, channel: phone, thread: message.from, id: message.id, time: Number(message.timestamp) * 1000,
        received: Date.now(), kind: message.type, text: message.text && message.text.body,
      }));
      const id = crypto.createHash('sha256').update(`1:${phone}:${message.id}`).digest('hex').slice(0, 32);
      publishes.push(jetstream.publish(`ub.in.1.${String(partition).padStart(2, '0')}.1`, event, { msgID: id }));
    }
    await Promise.all(publishes);
    return reply.code(200).send();
  });

  await app.listen({ host: '127.0.0.1', port: settings.port });
  console.log('ready');
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
