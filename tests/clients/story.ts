// A day of an agent through the types of openapi-typescript. UNIBOX_GATEWAY_URL, UNIBOX_API_KEY.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import createClient from "openapi-fetch";
import type { paths } from "./unibox.js";

const client = createClient<paths>({
  baseUrl: process.env.UNIBOX_GATEWAY_URL,
  headers: { Authorization: `Bearer ${process.env.UNIBOX_API_KEY}` },
});

function must<T>(answer: { data?: T; error?: unknown }): T {
  assert.equal(answer.error, undefined);
  return answer.data as T;
}

const of = (conversationId: string) => ({ params: { path: { conversationId } } });
const audit = async (id: string) => must(await client.GET("/v1/conversations/{conversationId}/audit", of(id))).commands;

const { conversations } = must(await client.GET("/v1/conversations", { params: { query: { pageSize: 100 } } }));
const untouched = [];
for (const conversation of conversations) {
  if ((await audit(conversation.id)).length === 0) untouched.push(conversation);
}
const conversation = untouched.at(-1);
assert(conversation !== undefined);
const where = of(conversation.id);

const read = must(await client.POST("/v1/conversations/{conversationId}:markRead", { ...where, body: {} }));
assert.equal(read.conversation?.unreadCount, "0");
const key = randomUUID();
const reply = (text: string) =>
  client.POST("/v1/conversations/{conversationId}/messages", {
    params: { ...where.params, header: { "Idempotency-Key": key } },
    body: { text },
  });
const first = must(await reply("Hello from TypeScript"));
const again = must(await reply("Hello from TypeScript"));
assert.equal(first.message?.id, again.message?.id);
const other = await reply("Another");
assert.equal(other.error?.reason, "REQUEST_ID_REUSED");

const labels = { ...where, body: { add: ["generated"] } };
const labelled = must(await client.POST("/v1/conversations/{conversationId}:changeLabels", labels));
assert.deepEqual(labelled.conversation?.labels, ["generated"]);
const late = await client.POST("/v1/conversations/{conversationId}:setPriority", {
  params: { ...where.params, header: { "If-Match": `"${conversation.version}"` } },
  body: { priority: "PRIORITY_HIGH" },
});
assert.equal(late.error?.reason, "VERSION_MISMATCH");

const note = { ...where, body: { note: "done" } };
const closed = must(await client.POST("/v1/conversations/{conversationId}:close", note));
assert.equal(closed.conversation?.status, "CONVERSATION_STATUS_CLOSED");
const { messages } = must(await client.GET("/v1/conversations/{conversationId}/messages", where));
assert.equal(messages.filter((message) => message.text === "Hello from TypeScript").length, 1);
assert.equal((await audit(conversation.id))[0]?.action, "set_status");
console.log("the client of TypeScript did all of it");
