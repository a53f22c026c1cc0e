// What must be true of every screen, whatever it shows. These functions run inside the page; each returns sentences about
// what is wrong, and none when all is well.

/** All of it, for the screen as it stands. `touch`: thumbs press here. */
export function inspect({ touch }) {
  const wrong = [];
  const say = (what, element) => {
    const name = element.getAttribute("aria-label") ?? element.textContent.trim().slice(0, 40);
    wrong.push(`${what}: <${element.tagName.toLowerCase()} class="${element.getAttribute("class") ?? ""}"> ${name}`);
  };
  const visible = (element) =>
    element.checkVisibility({ opacityProperty: true, visibilityProperty: true }) && !element.closest(".spoken");
  // A sheet makes everything below it unreachable; only the sheet counts then.
  const sheets = [...document.querySelectorAll("dialog[open]")];
  const area = sheets.at(-1) ?? document.body;
  const within = (element) => area.contains(element) && visible(element);
  const all = (selector) => [...area.querySelectorAll(selector)].filter(within);

  // A landmark and a headline, so that one knows where one is. A page about a person may cover all else.
  if (sheets.length === 0) {
    const mains = [...document.querySelectorAll("main")].filter((main) => [main, ...main.children].some(visible));
    if (mains.length !== 1 && all("aside").length !== 1) wrong.push(`${mains.length} main landmarks`);
    if (all("h1, h2").length === 0 && document.querySelectorAll("h1").length === 0) wrong.push("no headline");
  }

  // Nothing scrolls sideways.
  for (const element of [document.documentElement, document.body, ...all("*")]) {
    const scrolls = /auto|scroll/.test(getComputedStyle(element).overflowX);
    const root = element === document.documentElement || element === document.body;
    if ((scrolls || root) && element.scrollWidth > element.clientWidth + 1) say("scrolls sideways", element);
  }

  // Text is whole, or says with an ellipsis that it is not.
  const clips = (style) => style.overflowX !== "visible";
  const walker = document.createTreeWalker(area, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const parent = node.parentElement;
    if (node.data.trim() === "" || !within(parent)) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    const { left, right, width } = range.getBoundingClientRect();
    if (width === 0) continue;
    if (left < -1 || right > innerWidth + 1) {
      let held = parent;
      while (held && !clips(getComputedStyle(held))) held = held.parentElement;
      if (!held || held === document.body || held === document.documentElement) say("text leaves the window", parent);
    }
    for (let box = parent; box && box !== document.body; box = box.parentElement) {
      const style = getComputedStyle(box);
      if (style.textOverflow === "ellipsis") break;
      const bounds = box.getBoundingClientRect();
      const out = left < bounds.left - 1.5 || right > bounds.right + 1.5;
      if (out && clips(style)) say("text is cut", parent);
      if (out && box.matches("button, label, .badge, .notice, .banner")) say("text sticks out", parent);
    }
  }

  // What can be pressed can be hit, and nothing lies over it.
  const least = touch ? 44 : 24;
  for (const element of all("button, input:not([type=radio]), textarea, a[href], [role=option], label:has(input)")) {
    const box = element.getBoundingClientRect();
    const target = element.closest(".input, .search")?.getBoundingClientRect() ?? box;
    if (target.width < least - 0.5 || target.height < least - 0.5) {
      say(`only ${Math.round(target.width)} by ${Math.round(target.height)} to press`, element);
    }
    const [x, y] = [box.left + box.width / 2, box.top + box.height / 2];
    // Out of sight inside something that scrolls.
    let hidden = x < 0 || y < 0 || x > innerWidth || y > innerHeight;
    for (let held = element.parentElement; held; held = held.parentElement) {
      const { overflowY } = getComputedStyle(held);
      const bounds = held.getBoundingClientRect();
      if (overflowY !== "visible" && (y < bounds.top || y > bounds.bottom)) hidden = true;
    }
    const above = hidden ? element : document.elementFromPoint(x, y);
    // A notice floats where it can be read, and is put away with a press; the composer stays free of it all the same.
    if (above && !above.closest(".notice") && !element.contains(above) && !above.contains(element)) {
      say(`covered by <${above.tagName.toLowerCase()} class="${above.getAttribute("class")}">`, element);
    }
  }

  return wrong;
}

/** Which characters of the composer lie below the window's edge, or under the notices: it is where one writes. */
export function composerIsWhole() {
  const composer = document.querySelector(".composer");
  if (!composer?.checkVisibility()) return [];
  const box = composer.getBoundingClientRect();
  const wrong = [];
  if (box.bottom > innerHeight + 1 || box.top < 0) wrong.push("the composer leaves the window");
  for (const notice of document.querySelectorAll(".notice, .to-newest, .banner")) {
    const over = notice.getBoundingClientRect();
    const apart = over.bottom <= box.top || over.top >= box.bottom || over.right <= box.left || over.left >= box.right;
    if (!apart) wrong.push(`the composer is covered by .${notice.className}`);
  }
  return wrong;
}
