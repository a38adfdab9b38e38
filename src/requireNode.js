// Plain JavaScript without imports: it must run on the very Node that is too old for us.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 19)) {
  console.error(
    `daytona-proxy needs Node 22.19 or newer, this is ${process.versions.node}. ` +
      'Run it by `npm start` after `npm ci`, which brings its own, or install Node 24 LTS.',
  );
  process.exit(1);
}
