/**
 * Refuses to load on a Node.js that the native addon would crash on. Imported first by every public door, so that the
 * caller sees a coded error instead of a segmentation fault. It imports nothing, since an import could fail first.
 */
const required = [22, 12] as const;

const [major = 0, minor = 0] = (process.versions.node ?? '0.0').split('.').map(Number);

if (major < required[0] || (major === required[0] && minor < required[1])) {
  const error = new Error(
    `Holdfast needs Node.js ${required.join('.')} or newer, and this is ${process.version}. ` +
      'Install a current Node.js, or put one into the project with `npm install --save-dev node@24` and start the ' +
      'program from an npm script. [HOLDFAST_ERR_NODE_VERSION]',
  );
  error.name = 'HoldfastError';
  throw Object.assign(error, { code: 'HOLDFAST_ERR_NODE_VERSION', retryable: false });
}

export {};
