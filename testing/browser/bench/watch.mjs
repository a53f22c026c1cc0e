// What runs in a page before anything else and notes when something happened there. Each function stands by itself: it is
// sent to the page as text. A time is in milliseconds since the page's own beginning (`at`), or by the wall clock.

/** Notes when a passphrase can be typed, when the core first said what there is, and when a window is there. */
export function watchStart() {
  const marks = (globalThis.sottoMarks = {});
  const painted = (then) =>
    requestAnimationFrame(() => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = then;
      port2.postMessage(0);
    });
  const note = (name) => {
    if (name in marks) return;
    marks[name] = undefined;
    painted(() => (marks[name] = performance.now()));
  };
  const Before = globalThis.Worker;
  globalThis.Worker = class extends Before {
    constructor(...how) {
      super(...how);
      this.addEventListener("message", ({ data }) => {
        if (!("core" in marks) && /"stage":(?!"opening")/.test(data)) marks.core = performance.now();
      });
    }
  };
  addEventListener("keydown", ({ key, timeStamp }) => key === "Enter" && (marks.entered = timeStamp), true);
  const look = () => {
    const field = document.querySelector('input[autocomplete$="password"]');
    if (field && !field.disabled) note("field");
    if (document.querySelector('[role="alert"], .wrong')?.textContent) note("refused");
    if (document.querySelector(".row")) note("list");
    if (document.querySelector(".message .bubble")) note("timeline");
  };
  new MutationObserver(look).observe(document, { childList: true, subtree: true, characterData: true, attributes: true });
}

/** Notes by the wall clock when Enter was pressed, and when each line of a timeline was painted. */
export function watchLines() {
  const lines = (globalThis.sottoLines = new Map());
  const waiting = new Map();
  const now = () => performance.timeOrigin + performance.now();
  const entered = ({ key, timeStamp }) => key === "Enter" && (globalThis.sottoEntered = performance.timeOrigin + timeStamp);
  addEventListener("keydown", entered, true);
  const look = () => {
    const fresh = [...document.querySelectorAll(".message .bubble")].map((line) => line.textContent);
    for (const text of fresh.filter((text) => !lines.has(text))) {
      lines.set(text, undefined);
      requestAnimationFrame(() => {
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = () => {
          lines.set(text, now());
          waiting.get(text)?.();
        };
        port2.postMessage(0);
      });
    }
  };
  new MutationObserver(look).observe(document, { childList: true, subtree: true, characterData: true });
  globalThis.sottoPainted = async (text) => {
    if (lines.get(text) === undefined) await new Promise((resolve) => waiting.set(text, resolve));
    return lines.get(text);
  };
}

/** Notes the time between any two frames from now on. */
export function watchFrames() {
  const frames = (globalThis.sottoFrames = []);
  let last;
  const tick = (at) => {
    if (globalThis.sottoFrames !== frames) return;
    if (last !== undefined) frames.push(at - last);
    last = at;
    requestAnimationFrame(tick);
  };
  requestAnimationFrame(tick);
}

/** How far a page's wall clock is ahead of this program's, and by how much that may be wrong: the quickest of many looks. */
export async function clockOf(page, looks = 60) {
  let best = { ahead: 0, within: Infinity };
  for (let look = 0; look < looks; look += 1) {
    const asked = performance.timeOrigin + performance.now();
    const there = await page.evaluate(() => performance.timeOrigin + performance.now());
    const answered = performance.timeOrigin + performance.now();
    const within = (answered - asked) / 2;
    if (within < best.within) best = { ahead: there - (asked + answered) / 2, within };
  }
  return best;
}
