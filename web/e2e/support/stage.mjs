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

/** How many requests for an invite Twilio has taken. */
export async function invites(url) {
  const { trace } = await snapshot(url);
  return trace.filter((entry) => !entry.out && entry.method === "POST" && entry.template.endsWith("/Invites") && entry.status >= 200 && entry.status < 300).length;
}

/** The live tasks that carry a transfer: what a doubled invite would show up as. */
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
