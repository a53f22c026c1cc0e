
// What the page says before the core is compiled is kept, in order.
const early = [];
self.onmessage = (event) => early.push(event);
await __wbg_init();
for (const event of early) self.onmessage(event);
