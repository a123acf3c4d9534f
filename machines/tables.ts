// The tables that the program runs, compiled from the machines: without the graphs, exports and verifiers that people use,
// because every thread of a run loads this.
import { compile, type Table } from './compile.ts';
import { frameMachine } from './frame.machine.ts';
import { pageMachine } from './page.machine.ts';
import { requestMachine } from './request.machine.ts';
import { vcpuMachine } from './vcpu.machine.ts';

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

/** All of them, in the order in which a page meets them. */
export const machineTables: readonly Table[] = [pageTable, requestTable, frameTable, vcpuTable];
