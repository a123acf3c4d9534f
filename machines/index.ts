// The life cycles, for people to import, draw and verify, and the tables that this program runs. No side effects but
// the compilation of four small machines (milliseconds). This is the package's entry point `copyless/machines`:
//
//   pageMachine, requestMachine, frameMachine, vcpuMachine   ordinary XState 5 machines, without guards and context
//   pageConfig                                               the page machine as data, to build a changed one with `setup()`
//   compile, pageTable, ...                                  the dense table of a machine, and ours
//   graphOf, shortestPaths                                   what can be reached, through `xstate/graph`
//   isHeld, isOnSource, mayArriveOnSource, ...               predicates over a page's state, or a live actor's snapshot
//   verifyPageMachine, pageInvariants                        is a changed page machine still right? breaches with their paths
//   verify                                                   the same for any machine and invariants of one's own
//   rewire, difference                                       other transitions; on which (state, event) two machines differ
//   exportAs, formats                                        a table as mermaid, dot, json, scxml, promela or tla
import { frameMachine } from './frame.machine.ts';
import { pageMachine } from './page.machine.ts';
import { requestMachine } from './request.machine.ts';
import { vcpuMachine } from './vcpu.machine.ts';

export { compile, step, type LeafName, type Table } from './compile.ts';
export { difference, type Difference } from './difference.ts';
export { exportAs, extensionOf, type Format, formats } from './formats/index.ts';
export {
  type Edge,
  type ExploreOptions,
  type Graph,
  graphOf,
  type Path,
  shortestPaths,
  type StateView,
} from './graph.ts';
export {
  isAway,
  isBoundForDestination,
  isHeld,
  isOnList,
  isOnSource,
  mayArriveOnSource,
  pageInvariants,
  placeOf,
  type Tagged,
  verifyPageMachine,
} from './page-invariants.ts';
export {
  pageConfig,
  type PageEventObject,
  type PagePlace,
  pagePlaces,
  type PageTag,
} from './page.machine.ts';
export { type Changes, rewire } from './rewire.ts';
export { type Breach, describeBreach, type Invariant, type Verification, verify } from './verify.ts';
export { type MachinePart, type MachineValue, partOf } from './explore.ts';
export { frameMachine, pageMachine, requestMachine, vcpuMachine };

export {
  frameTable,
  type FrameTable,
  machineTables,
  type PageEvent,
  type PageState,
  pageTable,
  type PageTable,
  requestTable,
  type RequestTable,
  vcpuTable,
  type VcpuTable,
} from './tables.ts';
