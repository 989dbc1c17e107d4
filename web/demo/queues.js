// Which queues to print under an agent's name. TaskRouter alone decides who serves a queue; this reads the two kinds of
// expression that the sandbox's world uses, so that a visitor sees why a chat rings here, and prints no others.

const HAS_SKILL = /^\s*routing\.skills\s+HAS\s+["']([^"']+)["']\s*$/i;
const EVERYBODY = /^\s*1\s*==\s*1\s*$/;

/** The names of the queues whose expression plainly includes a worker with these attributes. */
export function queuesOf(attributes, queues) {
  const skills = attributes.routing?.skills ?? [];
  return queues.filter((queue) => includes(queue.target_workers ?? "", skills)).map((queue) => queue.friendly_name);
}

function includes(expression, skills) {
  if (EVERYBODY.test(expression)) return true;
  const skill = HAS_SKILL.exec(expression)?.[1];
  return skill !== undefined && skills.includes(skill);
}
