/**
 * Loaded before the program of every npm script. Plain JavaScript: older versions of Node cannot read the program, and
 * would show a stack instead of the remedy.
 */
const NEEDED = 24

if (Number.parseInt(process.versions.node, 10) < NEEDED) {
  process.stderr.write(
    `Node ${NEEDED} or later is needed, and this is ${process.versions.node}: run npm rebuild --ignore-scripts=false, which installs it into node_modules, and start everything through npm\n`,
  )
  process.exit(1)
}
