// Says in one line that this Node is too old, before anything that it could not even parse is loaded: plain JavaScript for
// that reason. Node 22.18 is the first that runs TypeScript as it is.
const NEEDED = [22, 18];

const version = process.versions.node;
const [major = 0, minor = 0] = version.split('.').map(Number);
if (major < NEEDED[0] || (major === NEEDED[0] && minor < NEEDED[1])) {
  process.stderr.write(
    `copyless: Node ${version} is too old, expected ${NEEDED.join('.')} or newer, hint: run it through npm after npm ci, which brings a Node 24 along (npm ci --ignore-scripts does not)\n`,
  );
  process.exit(2);
}
