// What the tests know about the account without the page.

/** The account as the stage shows it now. */
export async function snapshot(url) {
  const response = await fetch(`${url}/stage/live`);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  try {
    let text = "";
    for (;;) {
      const { value, done } = await reader.read();
      if (done) throw new Error("the stream ended before its snapshot");
      text += value;
      const data = /event: snapshot\ndata: (.*)\n\n/.exec(text)?.[1];
      if (data) return JSON.parse(data);
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}

/** How many invites transfers have made: each has a task, which Twilio keeps for some minutes after its end. */
export async function invites(url) {
  return (await transferTasks(url)).length;
}

/** The tasks that carry a transfer: what a doubled invite would show up as. */
export async function transferTasks(url) {
  const { tasks } = await snapshot(url);
  return tasks.filter((task) => JSON.parse(task.attributes).transferId);
}

/** Puts a worker into an activity, as the worker would. */
export async function setActivity(url, worker, activity) {
  const { workers, activities } = await snapshot(url);
  const { sid } = workers.find((one) => one.friendly_name === worker);
  const activitySid = activities.find((one) => one.friendly_name === activity).sid;
  const response = await fetch(`${url}/stage/workers/${sid}/activity`, {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ activity_sid: activitySid }),
  });
  if (!response.ok) throw new Error(`activity: ${response.status} ${await response.text()}`);
}

/** The friendly names of the agents who are in the only conversation. */
export async function agentsIn(url) {
  const { interaction_participants: participants, workers } = await snapshot(url);
  return participants.filter((one) => one.type === "agent").map((one) => workers.find((worker) => worker.sid === one.routing_properties.worker_sid).friendly_name);
}

/** Waits until exactly these agents are in the conversation. What is right already is not waited for. */
export async function agentsAre(url, names) {
  const wanted = [...names].sort().join();
  for (const until = Date.now() + 60_000; ; ) {
    const now = (await agentsIn(url)).sort().join();
    if (now === wanted) return;
    if (Date.now() > until) throw new Error(`in the conversation: ${now || "nobody"}, not ${wanted || "nobody"}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Follows the account; the function that it returns ends that and gives the moments at which a customer had nobody. */
export function watchAlone(url) {
  const controller = new AbortController();
  const found = [];
  const state = { participants: new Map(), tasks: new Map(), channels: new Map() };
  const ended = follow(url, controller.signal, (kind, object) => {
    const table = { interaction_participant: state.participants, task: state.tasks, interaction_channel: state.channels }[kind];
    if (!table) return;
    if (object.left) table.delete(object.sid);
    else table.set(object.sid, object);
    for (const channel of state.channels.values()) {
      const agents = [...state.participants.values()].filter((one) => one.channel_sid === channel.sid && one.type === "agent");
      const asked = [...state.tasks.values()].filter((one) => one.attributes.includes(channel.sid) && ["pending", "reserved"].includes(one.assignment_status));
      if (channel.status === "active" && agents.length + asked.length === 0) found.push(`${channel.sid} after a change of ${kind}`);
    }
  }).catch(() => {});
  return async () => {
    controller.abort();
    await ended;
    if (state.channels.size === 0) throw new Error("no conversation was followed");
    return found;
  };
}

async function follow(url, signal, changed) {
  const response = await fetch(`${url}/stage/live`, { signal });
  let text = "";
  for await (const part of response.body.pipeThrough(new TextDecoderStream())) {
    text += part;
    for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
      const [, event, data] = /event: (\w+)\ndata: (.*)/.exec(text.slice(0, end)) ?? [];
      text = text.slice(end + 2);
      if (event === "change") {
        const { kind, object } = JSON.parse(data);
        changed(kind, object);
      }
      if (event !== "snapshot") continue;
      const all = JSON.parse(data);
      for (const one of all.interaction_participants) changed("interaction_participant", one);
      for (const one of all.tasks) changed("task", one);
      for (const one of all.interaction_channels) changed("interaction_channel", one);
    }
  }
}
