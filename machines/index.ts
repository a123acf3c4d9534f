// The life cycles, for people to import, draw and verify, and the tables that this program runs. No side effects but
// the compilation of four small machines (milliseconds).
import { compile } from './compile.ts';
import { frameMachine } from './frame.machine.ts';
import { pageMachine } from './page.machine.ts';
import { requestMachine } from './request.machine.ts';
import { vcpuMachine } from './vcpu.machine.ts';

export { compile, step, type LeafName, type Table } from './compile.ts';
export { type MachinePart, type MachineValue, partOf } from './explore.ts';
export { frameMachine, pageMachine, requestMachine, vcpuMachine };

export const pageTable = compile(pageMachine);
export const requestTable = compile(requestMachine);
export const frameTable = compile(frameMachine);
export const vcpuTable = compile(vcpuMachine);

export type PageTable = typeof pageTable;
export type PageState = (typeof pageTable.states)[number];
export type PageEvent = (typeof pageTable.events)[number];
export type RequestTable = typeof requestTable;
export type FrameTable = typeof frameTable;
export type VcpuTable = typeof vcpuTable;
