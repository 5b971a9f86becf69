/**
 * Refuses to load on a Node.js that the native addon would crash on: it needs Node-API 10
 * (docs/decisions/0036-the-oldest-node-is-that-of-the-addon.md). Imported first by every public door, so that the caller sees
 * a coded error instead of a segmentation fault. It imports nothing, since an import could fail first.
 */
const firstMinors: Readonly<Record<number, number>> = { 22: 14, 23: 6 };
const firstMajor = 22;

const [major = 0, minor = 0] = (process.versions.node ?? '0.0').split('.').map(Number);

if (major < firstMajor || minor < (firstMinors[major] ?? 0)) {
  const error = new Error(
    `Holdfast needs Node.js 22.14 or newer (of 23, 23.6), and this is ${process.version}. ` +
      'Install a current Node.js, or put one into the project with `npm install --save-dev node@24` and start the ' +
      'program from an npm script. [HOLDFAST_ERR_NODE_VERSION]',
  );
  error.name = 'HoldfastError';
  throw Object.assign(error, { code: 'HOLDFAST_ERR_NODE_VERSION', retryable: false });
}

export {};
