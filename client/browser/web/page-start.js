
await __wbg_init();
