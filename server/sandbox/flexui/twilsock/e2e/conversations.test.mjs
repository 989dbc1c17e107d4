// @twilio/conversations against the sandbox.
import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { act, Client, Client26, connect, next, options, pause, signIn, signOutAll, until } from "./harness.mjs";

afterEach(async () => {
  await signOutAll();
  await act("tidy");
});

/** A customer who chats with a worker. */
async function chat(worker = "ada", first = "Hello, my order is late") {
  const started = await act("start", { name: "Cleo Customer", body: first });
  await act("accept", { worker, conversation: started.conversation_sid });
  return started.conversation_sid;
}

test("connects and lists the conversations of who is signed in", async () => {
  const sid = await chat();
  const ada = await signIn("ada");
  assert.equal(ada.user.identity, "ada");
  assert.equal(ada.connectionState, "connected");
  const page = await ada.getSubscribedConversations();
  const mine = page.items.find((c) => c.sid === sid);
  assert.ok(mine, "the conversation is not listed");
  assert.equal(mine.status, "joined");
  assert.equal(mine.state.current, "active");
  const messages = await mine.getMessages();
  assert.deepEqual(messages.items.map((m) => m.body), ["Hello, my order is late"]);
  assert.equal(messages.items[0].index, 0);
});

const join = (conversation, identity) =>
  act("rest", { method: "POST", path: `/v1/Conversations/${conversation}/Participants`, form: { Identity: identity } });
const change = (conversation, form) => act("rest", { method: "POST", path: `/v1/Conversations/${conversation}`, form });
const open = async (client, sid) => {
  const conversation = await client.getConversationBySid(sid);
  await conversation.getParticipants(); // the SDK subscribes to the roster and the messages
  return conversation;
};

/** Signs in, and waits until the SDK has asked for all that it wants. */
async function settled(worker) {
  const client = await signIn(worker);
  await client.getSubscribedConversations();
  await pause(300);
  return client;
}

/** The connection error that a token is refused with. */
async function refusal(token) {
  const client = new Client(token, options());
  client.on("initFailed", () => {});
  return next(client, "connectionError");
}

test("pages through messages, newest first and from an anchor", async () => {
  const sid = await chat("ada", "message 0");
  for (let i = 1; i < 25; i++) await act("send", { conversation: sid, author: "ada", body: `message ${i}` });
  const conversation = await open(await signIn("ada"), sid);
  const indices = (page) => page.items.map((m) => m.index);
  const last = await conversation.getMessages(10);
  assert.deepEqual(indices(last), [15, 16, 17, 18, 19, 20, 21, 22, 23, 24]);
  assert.equal(last.hasNextPage, false);
  assert.equal(last.hasPrevPage, true);
  const before = await last.prevPage();
  assert.deepEqual(indices(before), [5, 6, 7, 8, 9, 10, 11, 12, 13, 14]);
  const first = await before.prevPage();
  assert.deepEqual(indices(first), [0, 1, 2, 3, 4]);
  assert.equal(first.hasPrevPage, false);
  assert.deepEqual(indices(await first.nextPage()).at(-1), 14);
  assert.deepEqual(indices(await conversation.getMessages(3, 7, "forward")), [7, 8, 9]);
  assert.deepEqual(indices(await conversation.getMessages(3, 7, "backwards")), [5, 6, 7]);
  assert.equal(await conversation.getMessagesCount(), 25);
});

test("sends a message that REST and webhooks know, and the others get it live", async () => {
  const sid = await chat();
  await join(sid, "bea");
  const [ada, bea] = [await open(await signIn("ada"), sid), await open(await signIn("bea"), sid)];
  const [mine, theirs] = [next(ada, "messageAdded"), next(bea, "messageAdded")];
  const index = await ada.sendMessage("Grüße 👋\nline 2", { mood: "fine" });
  for (const message of [await mine, await theirs]) {
    assert.equal(message.index, index);
    assert.equal(message.author, "ada");
    assert.equal(message.body, "Grüße 👋\nline 2");
    assert.deepEqual(message.attributes, { mood: "fine" });
    assert.equal((await message.getParticipant()).identity, "ada");
  }
  const rest = await act("rest", { method: "GET", path: `/v1/Conversations/${sid}/Messages` });
  assert.equal(rest.messages.at(-1).body, "Grüße 👋\nline 2");
  const hook = await until("the webhook", async () =>
    (await act("hooks")).find((h) => h.EventType[0] === "onMessageAdded" && h.ConversationSid[0] === sid && h.Author[0] === "ada"));
  assert.equal(hook.Body[0], "Grüße 👋\nline 2");
});

test("gets a customer's message live, and the conversation's last message with it", async () => {
  const started = await act("start", { name: "Dan Customer", body: "Hi" });
  await act("accept", { worker: "ada", conversation: started.conversation_sid });
  const client = await signIn("ada");
  const conversation = await open(client, started.conversation_sid);
  const [message, updated] = [
    next(client, "messageAdded"),
    next(conversation, "updated", ({ updateReasons }) => updateReasons.includes("lastMessage")),
  ];
  await act("send", { conversation: conversation.sid, author: started.identity, body: "Are you there?" });
  assert.equal((await message).body, "Are you there?");
  await updated;
  assert.equal(conversation.lastMessage.index, 1);
});

test("hears of a message that is changed, and may change its own only", async () => {
  const sid = await chat();
  await join(sid, "bea");
  const [ada, bea] = [await open(await signIn("ada"), sid), await open(await signIn("bea"), sid)];
  const added = next(bea, "messageAdded");
  await ada.sendMessage("frist");
  const seen = await added;
  const updated = next(bea, "messageUpdated");
  const own = (await ada.getMessages(1)).items[0];
  await own.updateBody("first");
  assert.deepEqual((await updated).updateReasons.includes("body"), true);
  assert.equal(seen.body, "first");
  await assert.rejects(seen.updateBody("mine"), (e) => e.status === 403);
});

test("gets a conversation that it is brought into, without asking", async () => {
  const sid = await chat();
  const client = await signIn("bea");
  await client.getSubscribedConversations();
  const joined = next(client, "conversationJoined", (c) => c.sid === sid);
  await join(sid, "bea");
  const conversation = await joined;
  assert.deepEqual((await conversation.getMessages()).items.map((m) => m.body), ["Hello, my order is late"]);
  await client.shutdown();
});

test("participants join and leave live", async () => {
  const started = await act("start", { name: "Eve Customer", body: "Hi" });
  const sid = started.conversation_sid;
  await act("accept", { worker: "ada", conversation: sid });
  const conversation = await open(await signIn("ada"), sid);
  assert.deepEqual((await conversation.getParticipants()).map((p) => p.identity).sort(), ["ada", started.identity].sort());
  const joined = next(conversation, "participantJoined", (p) => p.identity === "bea");
  const { sid: member } = await join(sid, "bea");
  const bea = await joined;
  assert.equal(bea.sid, member);
  assert.equal(bea.type, "chat");
  assert.equal((await bea.getUser()).friendlyName, "Bea Ortiz");
  const updated = next(conversation, "participantUpdated", ({ participant }) => participant.sid === member);
  await act("rest", { method: "POST", path: `/v1/Conversations/${sid}/Participants/${member}`, form: { Attributes: '{"hand":"up"}' } });
  assert.deepEqual((await updated).participant.attributes, { hand: "up" });
  const left = next(conversation, "participantLeft", (p) => p.identity === "bea");
  await act("rest", { method: "DELETE", path: `/v1/Conversations/${sid}/Participants/${member}` });
  await left;
  const gone = next(conversation, "participantLeft");
  await act("leave", { conversation: sid, author: started.identity });
  assert.equal((await gone).identity, started.identity);
});

test("attributes change live, from REST and from the SDK", async () => {
  const sid = await chat();
  const conversation = await open(await signIn("ada"), sid);
  let updated = next(conversation, "updated", ({ updateReasons }) => updateReasons.includes("attributes"));
  await change(sid, { Attributes: '{"invites":{"WK1":{"x":1}}}' });
  assert.deepEqual((await updated).updateReasons.includes("state"), false);
  assert.deepEqual(conversation.attributes, { invites: { WK1: { x: 1 } } });
  updated = next(conversation, "updated", ({ updateReasons }) => updateReasons.includes("attributes"));
  await conversation.updateAttributes({ topic: "shoes" });
  await updated;
  assert.deepEqual(conversation.attributes, { topic: "shoes" });
  const rest = await act("rest", { method: "GET", path: `/v1/Conversations/${sid}` });
  assert.equal(rest.attributes, '{"topic":"shoes"}');
  await until("the webhook", async () => (await act("hooks")).some((h) => h.EventType[0] === "onConversationUpdated" && h.ConversationSid[0] === sid));
});

test("a conversation is closed live, and takes no more messages", async () => {
  const sid = await chat();
  const conversation = await open(await signIn("ada"), sid);
  const updated = next(conversation, "updated", ({ updateReasons }) => updateReasons.includes("state"));
  await change(sid, { State: "closed" });
  await updated;
  assert.equal(conversation.state.current, "closed");
  await assert.rejects(conversation.sendMessage("too late"), (e) => e.status === 400);
});

test("an agent who is removed gets no more of the conversation", async () => {
  const started = await act("start", { name: "Finn Customer", body: "Hi" });
  const sid = started.conversation_sid;
  await act("accept", { worker: "ada", conversation: sid });
  await join(sid, "bea");
  const [ada, bea] = [await signIn("ada"), await signIn("bea")];
  const [hers, theirs] = [await open(ada, sid), await open(bea, sid)];
  const events = [];
  const left = next(ada, "conversationLeft", (c) => c.sid === sid);
  await act("rest", { method: "DELETE", path: `/v1/Conversations/${sid}/Participants/ada` });
  await left;
  for (const event of ["messageAdded", "participantJoined", "participantLeft", "updated"]) hers.on(event, () => events.push(event));
  ada.on("messageAdded", () => events.push("messageAdded"));
  const heard = next(theirs, "messageAdded");
  await act("send", { conversation: sid, author: started.identity, body: "Anybody?" });
  await change(sid, { Attributes: '{"secret":true}' });
  await heard;
  await pause(200);
  assert.deepEqual(events, []);
  await assert.rejects(ada.getConversationBySid(sid));
  await assert.rejects(hers.sendMessage("still here"), (e) => e.status === 403);
  assert.equal((await ada.getSubscribedConversations()).items.some((c) => c.sid === sid), false);
});

test("leaves a conversation, and REST and webhooks know", async () => {
  const sid = await chat();
  await join(sid, "bea");
  const client = await signIn("bea");
  const conversation = await open(client, sid);
  const left = next(client, "conversationLeft");
  await conversation.leave();
  await left;
  const rest = await act("rest", { method: "GET", path: `/v1/Conversations/${sid}/Participants` });
  assert.equal(rest.participants.some((p) => p.identity === "bea"), false);
  await until("the webhook", async () => (await act("hooks")).some((h) =>
    h.EventType[0] === "onParticipantRemoved" && h.ConversationSid[0] === sid && h.Identity?.[0] === "bea"));
});

test("may not remove others", async () => {
  const sid = await chat();
  await join(sid, "bea");
  const conversation = await open(await signIn("bea"), sid);
  await assert.rejects(conversation.removeParticipant("ada"), (e) => e.status === 403);
});

test("a stranger sees nothing, a supervisor may look and join", async () => {
  const sid = await chat();
  await assert.rejects((await signIn("bea")).peekConversationBySid(sid));
  const sam = await signIn("sam");
  const peeked = await sam.peekConversationBySid(sid);
  assert.equal((await peeked.getMessages()).items[0].body, "Hello, my order is late");
  const live = next(peeked, "messageAdded");
  await act("send", { conversation: sid, author: "ada", body: "One moment" });
  await live;
  const joined = next(sam, "conversationJoined", (c) => c.sid === sid);
  await peeked.join();
  await joined;
});

test("typing is shown to the others", async () => {
  const sid = await chat();
  await join(sid, "bea");
  const [ada, bea] = [await open(await signIn("ada"), sid), await open(await signIn("bea"), sid)];
  const started = next(bea, "typingStarted");
  let own = false;
  ada.on("typingStarted", () => (own = true));
  await ada.typing();
  assert.equal((await started).identity, "ada");
  const ended = next(bea, "typingEnded");
  await ada.sendMessage("done");
  await ended;
  assert.equal(own, false);
});

test("notes how far one has read", async () => {
  const sid = await chat();
  await act("send", { conversation: sid, author: "ada", body: "one" });
  await join(sid, "bea");
  const [ada, bea] = [await open(await signIn("ada"), sid), await open(await signIn("bea"), sid)];
  assert.equal(await ada.getUnreadMessagesCount(), null);
  const seen = next(bea, "participantUpdated", ({ participant }) => participant.identity === "ada");
  assert.equal(await ada.advanceLastReadMessageIndex(0), 1);
  assert.equal((await seen).participant.lastReadMessageIndex, 0);
  assert.equal(await ada.setAllMessagesRead(), 0);
  await until("its own horizon", () => ada.lastReadMessageIndex === 1);
});

test("users have names and attributes, and are online while connected", async () => {
  const ada = await signIn("ada");
  const bea = await ada.getUser("bea");
  assert.equal(bea.friendlyName, "Bea Ortiz");
  await until("whom the tests before signed in has gone", () => bea.isOnline === false);
  const online = next(bea, "updated", ({ updateReasons }) => updateReasons.includes("reachabilityOnline"));
  const other = await signIn("bea");
  await online;
  assert.equal(bea.isOnline, true);
  const changed = next(bea, "updated", ({ updateReasons }) => updateReasons.includes("attributes"));
  await other.user.updateAttributes({ desk: 7 });
  await changed;
  assert.deepEqual(bea.attributes, { desk: 7 });
});

test("reconnects after a cut, and gets what it has missed, once", async () => {
  const sid = await chat();
  const client = await signIn("ada");
  const conversation = await open(client, sid);
  await act("send", { conversation: sid, author: "ada", body: "before" });
  await until("the message before", async () => (await conversation.getMessages()).items.length === 2);
  await pause(100);
  const got = []; // the SDK tells of messages and participants in any order
  conversation.on("messageAdded", (m) => got.push(m.body));
  conversation.on("participantJoined", (p) => got.push(`joined ${p.identity}`));
  const cut = next(client, "connectionStateChanged", (s) => s === "connecting");
  await act("drop");
  await cut;
  await act("send", { conversation: sid, author: "ada", body: "while away" });
  await join(sid, "chidi");
  await change(sid, { Attributes: '{"away":true}' });
  const back = next(client, "connectionStateChanged", (s) => s === "connected");
  await act("admit");
  await back;
  await until("what was missed", () => got.length >= 2 && conversation.attributes.away);
  assert.deepEqual(got.sort(), ["joined chidi", "while away"]);
  await act("send", { conversation: sid, author: "ada", body: "after" });
  await until("what comes after", () => got.includes("after"));
  assert.deepEqual(got, ["joined chidi", "while away", "after"]);
});

test("is told of a removal that happened while it was away", async () => {
  const sid = await chat();
  const client = await signIn("ada");
  await open(client, sid);
  await pause(100);
  const left = next(client, "conversationLeft", (c) => c.sid === sid);
  const cut = next(client, "connectionStateChanged", (s) => s === "connecting");
  await act("drop");
  await cut;
  await act("rest", { method: "DELETE", path: `/v1/Conversations/${sid}/Participants/ada` });
  await act("admit");
  await left;
});

test("a token that is not good is refused", async () => {
  const refused = await refusal("FLEX.nonsense");
  assert.equal(refused.terminal, true);
  assert.equal(refused.httpStatusCode, 401);
  assert.equal(refused.errorCode, 20101);
  const { token } = await act("token", { worker: "ada", ttl: 0 });
  assert.equal((await refusal(token)).errorCode, 20104);
});

test("takes a new token, and refuses a bad one or somebody else's", async () => {
  const client = await signIn("ada");
  const { token } = await act("token", { worker: "ada", ttl: 3600 });
  await client.updateToken(token);
  assert.equal(client.connectionState, "connected");
  const sid = await chat();
  await until("the conversation", () => client.getConversationBySid(sid).then(() => true, () => false));
  const other = await settled("ada");
  await assert.rejects(other.updateToken((await act("token", { worker: "bea", ttl: 60 })).token));
  await until("the refusal", () => other.connectionState === "denied");
  const third = await settled("ada");
  await assert.rejects(third.updateToken("FLEX.nonsense"));
});

test("says when a token is about to expire, and when it has", async () => {
  const client = await signIn("ada", 3600);
  const warned = next(client, "tokenAboutToExpire"); // three minutes before
  await act("advance", { ttl: 3430 });
  await warned;
  const { token } = await act("token", { worker: "ada", ttl: 3600 });
  await client.updateToken(token);
  let over = false;
  const expired = next(client, "tokenExpired").then(() => (over = true));
  await act("advance", { ttl: 300 });
  await client.getSubscribedConversations();
  assert.deepEqual([client.connectionState, over], ["connected", false], "the new token counts");
  await act("advance", { ttl: 3400 });
  await expired;
});

test("a revoked token ends the connection at the next request", async () => {
  const { token } = await act("token", { worker: "ada", ttl: 3600 });
  const client = await connect(token);
  await client.getSubscribedConversations();
  await pause(300);
  await act("revoke", { token });
  await assert.rejects(client.peekConversationBySid("CH00000000000000000000000000000000"));
  await until("the end", () => ["disconnected", "disconnecting"].includes(client.connectionState));
});

test("the version that @twilio/flex-sdk brings talks to the other one", async () => {
  const sid = await chat();
  await join(sid, "bea");
  const { token } = await act("token", { worker: "bea", ttl: 3600 });
  const newer = await connect(token, Client26);
  assert.notEqual(newer.constructor.version, Client.version);
  const [ada, bea] = [await open(await signIn("ada"), sid), await open(newer, sid)];
  let heard = next(ada, "messageAdded");
  await bea.sendMessage("from 2.6");
  assert.equal((await heard).body, "from 2.6");
  heard = next(bea, "messageAdded", (m) => m.author === "ada");
  await ada.sendMessage("from 2.5");
  assert.equal((await heard).body, "from 2.5");
});
