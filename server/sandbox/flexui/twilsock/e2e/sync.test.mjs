// twilio-sync, as @twilio/conversations brings it and as Flex itself uses it, against the sandbox.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { act, next, options, SyncClient, Sync2 } from "./harness.mjs";

const clients = [];
after(() => Promise.all(clients.map((c) => c.shutdown?.().catch(() => {}))));

async function sync(Client, worker) {
  const { token } = await act("token", { worker, ttl: 3600 });
  const client = new Client(token, options());
  clients.push(client);
  if (client.connectionState !== "connected") await next(client, "connectionStateChanged", (s) => s === "connected");
  return client;
}

for (const [name, Client] of [["3.1", SyncClient], ["2.0", Sync2.SyncClient ?? Sync2.Client]]) {
  test(`twilio-sync ${name}: two workers share a document, a map and a list`, async () => {
    const [ada, bea] = [await sync(Client, "ada"), await sync(Client, "bea")];
    const [mine, hers] = [await ada.document(`doc-${name}`), await bea.document(`doc-${name}`)];
    await new Promise((r) => setTimeout(r, 300));
    let heard = next(hers, "updated");
    await (mine.set ?? mine.update).call(mine, { a: 1 });
    await heard;
    assert.deepEqual(hers.data ?? hers.value, { a: 1 });

    const [map, same] = [await ada.map(`map-${name}`), await bea.map(`map-${name}`)];
    await new Promise((r) => setTimeout(r, 300));
    heard = next(same, "itemAdded");
    await map.set("k/ü", { b: 2 });
    assert.equal((await heard).item.key, "k/ü");
    heard = next(same, "itemRemoved");
    await map.remove("k/ü");
    assert.equal((await heard).key, "k/ü");

    const [list, copy] = [await ada.list(`list-${name}`), await bea.list(`list-${name}`)];
    await new Promise((r) => setTimeout(r, 300));
    heard = next(copy, "itemAdded");
    await list.push({ c: 3 });
    assert.equal((await heard).item.index, 0);
    assert.equal((await copy.getItems()).items.length, 1);
  });

  test(`twilio-sync ${name}: what belongs to Conversations is not changed here`, async () => {
    const ada = await sync(Client, "ada");
    const started = await act("start", { name: "Gus", body: "Hi" });
    await act("accept", { worker: "ada", conversation: started.conversation_sid });
    const document = await ada.document({ id: `${started.conversation_sid}.channel`, mode: "open_existing" });
    await assert.rejects((document.set ?? document.update).call(document, { state: "closed" }), (e) => e.status === 403);
    await assert.rejects(ada.document({ id: "nothing", mode: "open_existing" }), (e) => e.status === 404);
  });
}
