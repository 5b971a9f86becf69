/** How long a test waits for what is about to happen: many times what it takes, since a busy computer takes long. */
export const soon = { timeout: 20_000, interval: 10 };
