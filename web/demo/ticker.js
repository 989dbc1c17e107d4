// Something that is shown anew each second while it is on the screen.

const TICK_MS = 1000;

/** run(on) starts or stops calling show each second; show is also called at each run. */
export function ticker(show) {
  let timer = null;
  function run(on) {
    if (on) timer ??= setInterval(show, TICK_MS);
    else if (timer) timer = clearInterval(timer) ?? null;
    show();
  }
  return { run };
}
