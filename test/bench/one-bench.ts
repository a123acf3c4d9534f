// The process that measures one bench: what another bench has made of the engine's compiled code cannot disturb it, and its
// memory is its own.
import { benches } from './rows.ts';
import { Native } from './native.ts';

const [name, program] = process.argv.slice(2);
const bench = benches.find((one) => one.name === name);
if (bench === undefined) throw new Error(`no bench ${name}`);
const native = new Native(program);
const loaded = await bench.load();
const found = await loaded.measure(native);
native.end();
process.send?.(found, () => process.disconnect());
