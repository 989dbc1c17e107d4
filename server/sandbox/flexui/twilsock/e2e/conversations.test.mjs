// @twilio/conversations against the sandbox.
import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { act, connect, next, pause, signIn, signOutAll, until } from "./harness.mjs";

afterEach(signOutAll);

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
