// What a user can get wrong, and what is said about it: one line that names the place, what was seen, what would have been
// right and what to do; exit status 2; nothing on stdout; nothing written.
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Batch, type Ended, EXAMPLES, folder, forAll, LANES, namesIn, run, SMALL } from './command.ts';

interface Case {
  /** The scenario, as a title. */
  title: string;
  /** Arguments; files are named as `files` names them. */
  args: readonly string[];
  files?: Readonly<Record<string, string | Buffer>>;
  stdin?: string;
  /** Between the files being there and the run. */
  prepare?: (cwd: string) => void;
  /** `file[:line[:col]]` or the flag. */
  place: string;
  /** What the rest of the line must say. */
  says: RegExp;
  /** Why the case cannot be had here. */
  skip?: string | false;
}

const good = 'version: 1\nworkload:\n  kind: uniform\n';
const scenario = (title: string, text: string | Buffer, place: string, says: RegExp): Case => ({
  title,
  args: ['s.yaml'],
  files: { 's.yaml': text },
  place: place === '' ? 's.yaml' : `s.yaml:${place}`,
  says,
});
const protocol = (title: string, text: string, place: string, says: RegExp): Case => ({
  title,
  args: ['--protocol', 'p.mjs', ...SMALL],
  files: { 'p.mjs': text },
  place: place === '' ? 'p.mjs' : `p.mjs:${place}`,
  says,
});
const workload = (title: string, text: string, place: string, says: RegExp): Case => ({
  title,
  args: ['--workload', 'w.mjs', '--protocol', 'copyless-map'],
  files: { 'w.mjs': text },
  place,
  says,
});
const flags = (title: string, args: readonly string[], place: string, says: RegExp): Case => ({
  title,
  args,
  place,
  says,
});
const trace = (
  title: string,
  content: string | Buffer,
  place: string,
  says: RegExp,
  more: readonly string[] = [],
): Case => ({
  title,
  args: ['--trace', 't.lackey', '--protocol', 'copyless-map', ...more],
  files: { 't.lackey': content },
  place: place === '' ? 't.lackey' : `t.lackey:${place}`,
  says,
});
const replay = (title: string, content: string, says: RegExp): Case => ({
  title,
  args: ['--replay', 'r.json'],
  files: { 'r.json': content },
  place: 'r.json',
  says,
});

const plan = "['reserve', 'accept', 'vacate', 'load', 'unmap', 'map', 'release', 'retire']";
/** A module's beginning: `proxy` throws at whatever is asked of it. */
const PROXY = `const proxyHandler = new Proxy({}, { get: () => () => { throw new Error('oh'); } });
const proxy = new Proxy({}, proxyHandler);
`;
const ownWorkload = (rest: string) =>
  `export default { name: 'w', create: () => ({ name: 'w', sentence: '', pages: 3, ${rest} }) };\n`;
const aliasBomb = [
  'version: 1',
  'name: &a [x, x, x, x, x, x, x, x, x]',
  ...'bcdefgh'.split('').map((key, i) => `${key}: &${key} [${Array(9).fill(`*${'abcdefg'[i]}`).join(', ')}]`),
].join('\n');
const phases = readFileSync(join(EXAMPLES, 'traces', 'phases.lackey.gz'));
const packedZeros = gzipSync(Buffer.alloc(1 << 20, ' L 1fff000768,8\n'));

/** A replay file that is right, for cases that break one thing in it. */
const kept = (change: (file: Record<string, any>) => void): string => {
  const costs = Object.fromEntries(
    'hintFault eptViolation hypercall hypercallEntry moveEntry clearPage copyPageLocal copyPageRemote shootdown shootdownTarget listInspection listNotice cacheHit localLatency remoteLatency farLatency'
      .split(' ')
      .map((name) => [`${name}Ns`, 100]),
  );
  const store = {
    readNs: 1,
    writeNs: 1,
    readOccupancyNs: 1,
    writeOccupancyNs: 1,
    ratio: 1,
    medium: 'device',
  };
  const file = {
    replay: 1,
    tool: 'copyless 0.1.0',
    violation: { property: 'no-copy-back', message: 'm', sequence: 1 },
    unit: {
      spec: {
        pageWords: 1024,
        nodes: [
          { id: 0, frames: 8, hasCpus: true },
          { id: 1, frames: 8, hasCpus: true },
        ],
        distances: [
          [10, 20],
          [20, 10],
        ],
        stores: [{ name: 'nvme0', kind: 'nvme', slots: 64, node: 0 }],
        guests: [
          {
            pages: 8,
            vnodes: [
              { node: 0, gfns: 16 },
              { node: 1, gfns: 16 },
            ],
            vcpus: [0, 1],
          },
        ],
        moveTo: [2],
        listCapacity: 32,
        batch: 4,
        tlbEntries: 64,
        burst: 64,
        chunk: 4096,
        policy: {
          lowWatermarkPercent: 10,
          highWatermarkPercent: 20,
          idleScans: 3,
          scanPerTick: 4,
          accessesPerTick: 100,
          reclaimBatch: 2,
          prefetch: 0,
          hintPages: 4,
          accessesPerScan: 100,
          heldFault: 'refuse',
          attempts: 3,
        },
      },
      costs: {
        ...costs,
        bandwidthMBps: 1000,
        remoteBandwidthMBps: 1000,
        farBandwidthMBps: 1000,
        latencyNs: [],
        stores: { hdd: store, sata: store, nvme: store, optane: store, zram: store },
      },
      shape: { vcpuVnodes: [0, 1], vnodes: 2, pageWords: 1024 },
      workload: { kind: 'uniform', parameters: { pages: 8, accesses: 100 } },
      protocol: 'copyless-map',
      seed: 1,
      scheduler: 'timed',
    },
  };
  change(file);
  return JSON.stringify(file);
};

const words = 'version: 1\nworkload:\n  kind: script\n';
/** One operation of the first of two vCPUs. */
const operation = (text: string, says: RegExp): Case =>
  scenario(`the operation ${text}`, `${words}  vcpus: [[write 0, ${text}], []]\n`, '4:21', says);

// prettier-ignore
const scripts: Case[] = [
  operation('frobnicate 0', /'frobnicate 0' of vCPU 0, expected read P or .* migrate-host P N, swapoff P N, .* forge P N, repin V N, hint: see README/),
  operation('forgee 0 1', /hint: did you mean forge\?$/),
  operation('write', /'write' of vCPU 0, expected write P or write P\.W, /),
  operation('promote 0 0 0', /'promote 0 0 0' of vCPU 0, expected promote P, /),
  operation('promote 0 3', /'promote 0 3' of vCPU 0 has a number, expected promote without one, /),
  operation('constructor 0', /'constructor 0' of vCPU 0, expected read P or /),
  operation('write 99999999999999999999', /names page 9{20}, expected a page from 0 to 9999999, /),
  operation('read 0.99999', /names word 99999, expected a word of the page, 0 to 1023, /),
  operation('move 3..1 to 1', /goes from page 3 back to 1, expected move 1\.\.3, /),
  operation('move 0..9999999 to 1', /moves 10000000 pages, expected at most 8388607 in one move, /),
  operation('move 0 to 5', /names vNode 5, expected a vNode from 0 to 1, /),
  operation('inflate 2', /names vNode 2, expected a vNode from 0 to 1, /),
  operation('handover 7', /names vCPU 7, expected another of the guest's vCPUs 0 to 1, /),
  operation('handover 0', /names itself, expected another of the guest's vCPUs 0 to 1, /),
  operation('await', /vCPU 0 waits in an await that no handover ends, expected a handover 0 /),
  operation('forge 0 12', /names forgery 12, expected forgery 0 to 11, /),
  operation('repin 0 2', /names node 2, expected node 0 or 1, /),
  operation('migrate-host 0 2', /names node 2, expected node 0 or 1, /),
  operation('swapoff 0 1', /names store 1, expected store 0, /),
  operation('pageout 0 2', /names number 2, expected number 0 or 1, /),
  operation('5', /workload\.vcpus\.0\.1 is '5', expected a text, /),
  operation('~', /workload\.vcpus\.0\.1 is '~', expected a text, /),
  scenario('a script without vcpus', words, '3:3', /workload\.vcpus is missing, expected a list, .*README/),
  scenario('a trace without files', 'version: 1\nworkload:\n  kind: trace\n', '3:3', /workload\.files is missing, expected a list, /),
  scenario('a script of no vCPU', `${words}  vcpus: []\n`, '4:10', /vcpus is '\[\]', expected a length of at least 1, /),
  scenario('a script that is a number', `${words}  vcpus: 5\n`, '4:10', /vcpus is '5', expected a list, /),
  scenario('a script of one list', `${words}  vcpus: [write 0]\n`, '4:11', /vcpus\.0 is 'write 0', expected a list, /),
  scenario('a script of 3 vCPUs for 2', `${words}  vcpus: [[], [], []]\n`, '4:10', /3 scripts, expected one for each of a guest's 2 vCPUs/),
  scenario('a script of 4 vCPUs for 2', `${words}  vcpus: [[], [], [], []]\n`, '4:10', /4 scripts, expected 2, one for each vCPU/),
  scenario('parameters of a script', `${words}  vcpus: [[], []]\n  parameters: {}\n`, '5:3', /unknown key 'parameters' in workload, expected one of kind, vcpus, hint: leave it out$/),
  scenario('100,000 operations', `${words}  vcpus: [[${'read 0,'.repeat(100_000)}], []]\n`, '4:11', /vcpus\.0 has a length of 100000, expected a length of at most 10000, /),
];

const scenarios: Case[] = [
  ...scripts,
  scenario(
    'an unknown key, one letter off',
    `${good}hots: {}\n`,
    '4:1',
    /unknown key 'hots' .* did you mean host\?$/,
  ),
  scenario(
    'an unknown key, two levels down',
    `${good}host:\n  watermarks: { lowe: 3 }\n`,
    '5:17',
    /did you mean low\?$/,
  ),
  scenario(
    'an unknown key of a workload',
    'version: 1\nworkload:\n  kind: trace\n  files: [a]\n  page: 3\n',
    '5:3',
    /did you mean pages\?$/,
  ),
  scenario('a duplicate key', `version: 1\n${good}`, '2:1', /unique.* keep one of them$/),
  scenario('indentation by tab', `${good}guests:\n\tvcpus: 2\n`, '5:1', /Tabs .* indent with spaces$/),
  scenario(
    'a wrong type',
    `${good}guests:\n  vcpus: many\n`,
    '5:10',
    /guests\.vcpus is 'many', expected a whole number/,
  ),
  scenario('a list instead of keys', `${good}host: [1, 2]\n`, '4:7', /expected keys with values/),
  scenario(
    'no version',
    'workload:\n  kind: uniform\n',
    '1:1',
    /version is missing, expected 1, .*version: 1/,
  ),
  scenario('version 2', 'version: 2\nworkload:\n  kind: uniform\n', '1:10', /version is '2', expected 1/),
  scenario('no workload', 'version: 1\n', '1:1', /workload is missing/),
  scenario('a workload without kind', 'version: 1\nworkload: {}\n', '2:11', /workload\.kind is missing/),
  scenario('a size without unit', `${good}host:\n  memory: 64\n`, '5:11', /host\.memory is '64', expected/),
  scenario(
    'a size in MB',
    `${good}host:\n  memory: 64MB\n`,
    '5:11',
    /expected a size with a unit, such as 64MiB/,
  ),
  scenario(
    'free page reporting by another word',
    `${good}guests:\n  freePageReporting: 'on'\n`,
    '5:22',
    /freePageReporting is 'on', expected a value of type boolean/,
  ),
  scenario(
    'asynchronous faults by number',
    `${good}guests:\n  asyncFaults: 1\n`,
    '5:16',
    /asyncFaults is '?1'?, expected a value of type boolean/,
  ),
  scenario(
    'huge pages of three',
    `${good}guests:\n  hugePages: 3\n`,
    '5:14',
    /hugePages is '?3'?, expected one of 2, 4, 8/,
  ),
  scenario(
    'huge pages larger than a batch',
    `${good}guests:\n  batch: 8\n  hugePages: 16\n`,
    '6:14',
    /hugePages 16, expected at most guests\.batch, 8/,
  ),
  scenario(
    'huge pages by another name',
    `${good}guests:\n  hugePages: 2\n  remap: hasid-alias\n`,
    '6:10',
    /remap hasid-alias with hugePages, expected one or the other/,
  ),
  scenario(
    'a poison that nobody negotiates',
    `${good}guests:\n  poison: zero\n`,
    '5:11',
    /poison is 'zero', expected .*negotiated/,
  ),
  scenario('1e309', `${good}guests:\n  vcpus: 1e309\n`, '5:10', /saw '1e309', expected a whole number/),
  scenario(
    '2^53 + 1',
    `${good}seeds: [9007199254740993, 9007199254740993]\n`,
    '4:9',
    /'9007199254740993', expected at most 9007199254740991/,
  ),
  scenario('a leading zero', `${good}guests:\n  vcpus: 010\n`, '5:10', /saw '010', .*no leading zeros/),
  scenario('a negative count', `${good}guests:\n  vcpus: -1\n`, '5:10', /is '-1', expected at least 1/),
  scenario('half a vCPU', `${good}guests:\n  vcpus: 0.5\n`, '5:10', /is '0\.5', expected a whole number/),
  scenario(
    'an unknown kind of store',
    `${good}host:\n  newLocation: { kind: tape }\n`,
    '5:24',
    /is 'tape', expected one of hdd, sata, nvme, optane, zram, far/,
  ),
  scenario(
    'TLB entries that are no power of two',
    `${good}guests:\n  tlbEntries: 100\n`,
    '5:15',
    /expected one of 64, 128, 256/,
  ),
  scenario(
    'watermarks the wrong way round',
    `${good}host:\n  watermarks: { low: 30, high: 20 }\n`,
    '5:15',
    /low 30 is above high 20/,
  ),
  scenario(
    'an unknown format of the moved list',
    `${good}guests:\n  list: { format: tree }\n`,
    '5:19',
    /is 'tree', expected one of table, bitmap, ring, snapshot/,
  ),
  scenario(
    'a list that lags by less than nothing',
    `${good}guests:\n  list: { lag: -1 }\n`,
    '5:16',
    /is '-1', expected at least 0/,
  ),
  scenario(
    'a word that guests.list does not have',
    `${good}guests:\n  list: { acces: copy }\n`,
    '5:11',
    /acces.*access/,
  ),
  scenario('seeds the wrong way round', `${good}seeds: [3, 1]\n`, '4:8', /3 is above 1/),
  scenario('an alias bomb of 9^8 entries', aliasBomb, '1:1', /too many aliases/),
  scenario('nesting 200,000 deep', '['.repeat(200_000), '1:', /nested too deeply/),
  scenario(
    'a __proto__ key at the top',
    `${good}__proto__: { polluted: 1 }\n`,
    '4:1',
    /unknown key '__proto__'/,
  ),
  scenario(
    'a __proto__ key among parameters',
    'version: 1\nworkload:\n  kind: uniform\n  parameters: { __proto__: { pages: 3 } }\n',
    '4:17',
    /unknown key '__proto__'/,
  ),
  {
    ...scenario(
      'a constructor parameter',
      'version: 1\nworkload:\n  kind: uniform\n  parameters: { constructor: 5 }\n',
      '',
      /unknown parameter 'constructor'/,
    ),
    place: 'workload uniform',
  },
  scenario('an empty file', '', '1:1', /holds no scenario/),
  scenario('a file of one word', 'hello\n', '1:1', /holds no scenario/),
  scenario('JSON that is cut off', '{"version": 1, "workload": {"kind": "uni', '1:', /expected YAML or JSON/),
  scenario('two documents', `${good}---\n${good}`, '4:', /one scenario a file/),
  scenario(
    'binary',
    Buffer.from([0, 1, 2, 0xff, 0xfe, 0x1b, 0x5b]),
    '',
    /is no text, .* a binary file; .*--trace/,
  ),
  scenario(
    '100,000 bytes of anything',
    Buffer.from(Uint8Array.from({ length: 100_000 }, (_, i) => (i * i * 31 + (i >> 7)) & 0xff)),
    '',
    /^.{0,60}is no text/,
  ),
  scenario(
    'a trace of lackey',
    '==1== Lackey\nI  04000000,3\n S 1ffe000,8\n',
    '',
    /give it with --trace s\.yaml/,
  ),
  scenario(
    'a line of 100,000 letters that the YAML reader quotes',
    `version: |9${'x'.repeat(100_000)}\n`,
    '1:',
    /^.{0,220}$/,
  ),
  scenario('a value of 100,000 letters', `version: ${'x'.repeat(100_000)}\n`, '1:10', /^.{0,200}$/),
  scenario(
    'a trace outside of the folder',
    'version: 1\nworkload:\n  kind: trace\n  files: [../../secret]\n',
    '4:11',
    /'\.\.\/\.\.\/secret' is outside/,
  ),
  scenario(
    'a topology with an absolute path',
    `${good}host:\n  topology: /proc/self/environ\n`,
    '5:13',
    /is outside of the scenario's folder/,
  ),
  scenario(
    'a protocol outside of the folder',
    `${good}protocols: [conventional, ../p.mjs]\n`,
    '4:27',
    /is outside/,
  ),
  scenario(
    'a node that is not there',
    `${good}host:\n  nodes: [0, 7]\n`,
    '5:10',
    /names node 7, expected .*0, 1/,
  ),
  scenario(
    'a protocol twice',
    `${good}protocols: [conventional, conventional]\n`,
    '4:12',
    /each protocol once/,
  ),
  { title: 'a scenario that is a directory', args: ['.'], place: '.', says: /is a directory/ },
  { title: 'a scenario that is not there', args: ['gone.yaml'], place: 'gone.yaml', says: /no such file/ },
  {
    title: 'a scenario name of control characters',
    args: ['\u001b[2J.yaml'],
    place: String.raw`\x1b[2J.yaml`,
    says: /no such file/,
  },
  {
    title: 'a scenario larger than 1 MiB',
    args: ['s.yaml'],
    files: { 's.yaml': `${good}#${'x'.repeat(1 << 20)}` },
    place: 's.yaml',
    says: /larger than 1 MiB/,
  },
  {
    title: 'a scenario from stdin with an error',
    args: ['-'],
    stdin: `${good}hots: {}\n`,
    place: 'stdin:4:1',
    says: /did you mean host/,
  },
];

const usage: Case[] = [
  flags('an unknown verb', ['simulat'], 'simulat', /did you mean the verb simulate\?/),
  flags('a verb that is none', ['sweep'], 'sweep', /no such verb, .* verbs are simulate, fuzz, check, /),
  flags(
    'help for a verb that is none',
    ['import', '--help'],
    'import',
    /no such verb, .* verbs are simulate, /,
  ),
  flags('help, then a verb that is none', ['help', 'doctor'], 'doctor', /no such verb/),
  flags('vCPUs on one vNode', ['--vcpus', '1'], '--vcpus', /all vCPUs are on one vNode/),
  flags('one vNode', ['--nodes', '0'], '--nodes', /there is one vNode, expected two nodes or more/),
  flags('two scenarios', ['a.yaml', 'b.yaml'], 'command line', /too many arguments/),
  flags('an unknown flag', ['--protocl', 'x'], '--protocl', /no such option, .* did you mean --protocol\?/),
  flags('a flag without its value', ['--seed'], '--seed', /without a value/),
  flags('replay without a file', ['replay'], 'command line', /no file/),
  flags(
    'fuzz: a seeded bug that is not there',
    ['fuzz', '--flaw', 'no-page-lok'],
    '--flaw',
    /no-page-lock\?$/,
  ),
  flags(
    'fuzz: no schedules',
    ['fuzz', '--schedules', '0'],
    '--schedules',
    /'0', expected a whole number from 1/,
  ),
  flags(
    'fuzz: faults of a mix that is not there',
    ['fuzz', '--faults', 'some'],
    '--faults',
    /swarm, all, none/,
  ),
  flags('fuzz: half a second', ['fuzz', '--time', '0.5'], '--time', /'0\.5', expected a whole number/),
  flags('fuzz: a range of seeds', ['fuzz', '--seed', '1..2'], '--seed', /'1\.\.2', expected a whole number/),
  flags('fuzz: a protocol that is not there', ['fuzz', '-p', 'copyless'], 'copyless', /no such protocol/),
  flags('fuzz: a scenario', ['fuzz', 'a.yaml'], 'command line', /too many arguments/),
  flags(
    'fuzz: seeds beyond 2^53',
    ['fuzz', '--seed', '9007199254740991', '--schedules', '5'],
    '--seed',
    /seeds up to 2\^53 - 1/,
  ),
  flags('check: half a second', ['check', '--time', '0.5'], '--time', /'0\.5', expected a whole number/),
  flags(
    'check: more moves than operations',
    ['check', '--moves', '5'],
    '--moves',
    /is 5, expected at most 2, /,
  ),
  flags('check: no workers', ['check', '--workers', '0'], '--workers', /'0', expected a whole number from 1/),
  flags(
    'check: a checkpoint that is a device',
    ['check', '-p', 'conventional', '--checkpoint', '/dev/null'],
    '/dev/null',
    /is no checkpoint/,
  ),
  ...['simulate', 'replay', 'check -p conventional --checkpoint'].flatMap((verb): Case[] => [
    {
      title: `${verb}: two links that name one another`,
      args: [...verb.split(' '), 'a'],
      prepare: (cwd) => {
        symlinkSync('b', join(cwd, 'a'));
        symlinkSync('a', join(cwd, 'b'));
      },
      place: 'a',
      says: /cannot be read \(ELOOP\)/,
    },
    flags(
      `${verb}: a name of 300 letters`,
      [...verb.split(' '), 'n'.repeat(300)],
      'n'.repeat(300),
      /cannot be read \(ENAMETOOLONG\)/,
    ),
  ]),
  {
    ...flags(
      'check: a checkpoint that fails to be read',
      ['check', '-p', 'conventional', '--checkpoint', '/proc/self/mem'],
      '/proc/self/mem',
      /cannot be read \(EIO\)/,
    ),
    skip: !existsSync('/proc/self/mem') && 'there is no such file here',
  },
  {
    title: 'check: a file that is no checkpoint',
    args: ['check', '-p', 'conventional', '--checkpoint', 'c.bin'],
    files: { 'c.bin': 'other' },
    place: 'c.bin',
    says: /is no checkpoint/,
  },
  {
    title: 'check: a scenario from stdin with an error',
    args: ['check', '-'],
    stdin: `${good}hots: {}\n`,
    place: 'stdin:4:1',
    says: /did you mean host/,
  },
  flags('--seed 3..1', ['--seed', '3..1'], '--seed', /write 1\.\.3/),
  flags('--seed 1e3', ['--seed', '1e3'], '--seed', /'1e3', expected a whole number/),
  flags('--seed 2^53', ['--seed', '9007199254740992'], '--seed', /from 0 to 2\^53 - 1/),
  flags('a million seeds', ['--seed', '1..1000000'], '--seed', /1000000 seeds, expected at most 10000/),
  flags(
    '--executor warp',
    ['--executor', 'warp'],
    '--executor',
    /'warp', expected one of simulated, threads/,
  ),
  flags('--executor one letter off', ['--executor', 'thread'], '--executor', /did you mean threads\?/),
  flags(
    '--scheduler with threads',
    ['--executor', 'threads', '--scheduler', 'pct'],
    '--scheduler',
    /pct with threads, expected --executor simulated/,
  ),
  {
    title: 'check: a live migration',
    args: ['check', 'm.yaml'],
    files: { 'm.yaml': readFileSync(join(EXAMPLES, 'live-migration.yaml')) },
    place: 'm.yaml',
    says: /is a live migration, expected a scenario of one host/,
  },
  flags('--scheduler of another kind', ['--scheduler', 'fifo'], '--scheduler', /one of timed, random, pct/),
  flags('--faults misspelt', ['--faults', 'lose reqest:3'], '--faults', /did you mean lose request:3\?/),
  flags(
    '--faults without an occasion',
    ['--faults', 'read error'],
    '--faults',
    /swarm, all, none, or NAME:NTH/,
  ),
  flags('--faults at the 0th', ['--faults', 'read error:0'], '--faults', /a whole number from 1/),
  flags(
    '--journey of a page that is not there',
    ['--journey', '64', ...SMALL],
    '--journey',
    /page 64, expected a page of the first guest, 0 to 63/,
  ),
  flags(
    '--validate of a simulated run',
    ['--validate', ...SMALL],
    '--validate',
    /without threads, expected --executor threads/,
  ),
  flags('--journey of no number', ['--journey', 'x'], '--journey', /'x', expected a whole number/),
  flags(
    '--journey on threads',
    ['--journey', '1', '--executor', 'threads', ...SMALL],
    '--journey',
    /with --executor threads, expected --executor simulated/,
  ),
  flags(
    '--protocol nope',
    ['--protocol', 'nope'],
    'nope',
    /no such protocol, expected a file or one of conventional/,
  ),
  flags(
    '--protocol one letter off',
    ['--protocol', 'copyles-map'],
    'copyles-map',
    /did you mean copyless-map\?/,
  ),
  flags('--workload one letter off', ['--workload', 'zpif'], 'zpif', /did you mean zipf\?/),
  flags('--workload trace', ['--workload', 'trace'], '--workload', /'trace', .* --trace FILE$/),
  flags('--workload script', ['--workload', 'script'], '--workload', /'script', .* a scenario file$/),
  flags('--set without a value', ['--workload', 'zipf', '--set', 'pages'], '--set', /NAME=VALUE/),
  flags(
    '--set of an unknown parameter',
    ['--workload', 'zipf', '--set', 'sides=3'],
    'workload zipf',
    /unknown parameter 'sides'/,
  ),
  flags(
    '--set beyond what fits',
    ['--workload', 'zipf', '--set', 'pages=99999999999'],
    '--set',
    /'99999999999', expected at most/,
  ),
  flags('--set of a traced scenario', ['--set', 'pages=3'], '--set', /with a trace/),
  flags('--profile nope', ['--profile', 'nope'], 'nope', /no such cost profile/),
  flags('an unknown node', ['--nodes', '0,9'], '--nodes', /names node 9, expected .*0, 1/),
  flags('--nodes that is no list', ['--nodes', '0-1'], '--nodes', /'0-1', expected a whole number/),
  flags(
    '--new-location on an unknown node',
    ['--new-location', 'nvme@7'],
    '--new-location',
    /names node 7, expected one of 0, 1/,
  ),
  flags('far memory on a pinned node', ['--new-location', 'far@0'], '--new-location', /far memory on node 0/),
  flags('far memory nowhere', ['--new-location', 'far'], '--new-location', /far@NODE/),
  {
    title: 'a store size where there is a chain of stores',
    args: ['s.yaml', '--store-size', '1GiB'],
    files: {
      's.yaml':
        'version: 1\nhost: { newLocation: [{ kind: nvme, node: 0 }, { kind: hdd, node: 0 }] }\nworkload: { kind: uniform }\n',
    },
    place: '--store-size',
    says: /of a chain of locations, expected one of them/,
  },
  flags('--memory 1KiB', ['--memory', '1KiB'], '--memory', /at least 16KiB/),
  flags('--memory 9TiB', ['--memory', '9TiB'], '--memory', /frames and slots, expected at most/),
  flags(
    '--memory 100GiB of a run that may take 1 GiB',
    ['--memory', '100GiB', '--max-memory', '1GiB'],
    '--memory',
    /one run needs up to .* GiB, expected at most 1\.0 GiB/,
  ),
  flags('--max-memory much', ['--max-memory', 'much'], '--max-memory', /a size with a unit/),
  flags(
    'less memory and store than pages',
    ['--memory', '16KiB', '--new-location', 'nvme@0', '--store-size', '4KiB'],
    '--memory',
    /room for the guests' 800/,
  ),
  flags('--guests 0', ['--guests', '0'], '--guests', /at least 1/),
  flags('--vcpus 1000', ['--vcpus', '1000'], '--vcpus', /'1000', expected at most 64/),
  flags('--pages 0', ['--pages', '0'], '--pages', /from 1 to/),
  flags(
    '--pages of a synthetic workload',
    ['--workload', 'zipf', '--pages', '3'],
    '--pages',
    /--set pages=N/,
  ),
  flags('--topology nope', ['--topology', 'nope'], 'nope', /no such topology or file/),
  {
    title: '--topology of one node',
    args: ['--topology', 'one.txt'],
    files: {
      'one.txt':
        'available: 1 nodes (0)\nnode 0 cpus: 0 1\nnode 0 size: 1000 MB\nnode 0 free: 10 MB\nnode distances:\nnode   0\n  0:  10\n',
    },
    place: '--topology',
    says: /has 1 node.*at least two/,
  },
  {
    title: 'a topology with a row that is too short',
    args: ['--topology', 'bad.txt'],
    files: {
      'bad.txt':
        'available: 2 nodes (0-1)\nnode 0 cpus: 0\nnode 0 size: 1000 MB\nnode 1 cpus: 1\nnode 1 size: 1000 MB\nnode distances:\nnode   0   1\n  0:  10  21\n  1:  21\n',
    },
    place: 'bad.txt:9:9',
    says: /has 1 value, expected 2/,
  },
  {
    title: 'a topology module with a distance of 5',
    args: ['--topology', 't.mjs'],
    files: {
      't.mjs':
        'const n = (id) => ({ id, cpus: [id], memoryMiB: 9 });\nexport default { nodes: [n(0), n(1)], distances: [[10, 5], [5, 10]] };\n',
    },
    place: 't.mjs',
    says: /distances\.0\.1 is '5'/,
  },
  {
    title: 'stdin as trace and as topology',
    args: ['--trace', '-', '--topology', '-'],
    stdin: ' L 1fff000768,8\n',
    place: 'stdin',
    says: /is the trace already/,
  },
  {
    title: 'stdin as two traces',
    args: ['--trace', '-', '--trace', '-'],
    stdin: ' L 1,8\n',
    place: 'stdin',
    says: /is the trace already/,
  },
];

const modules: Case[] = [
  flags('a protocol file that is not there', ['--protocol', 'gone.ts'], 'gone.ts', /no such file/),
  protocol(
    'a protocol with a syntax error',
    "export default {\n  name: 'p',\n  plan() { return [ } };\n",
    '',
    /does not load: 'Unexpected token/,
  ),
  ...(
    [
      ['a syntax error in TypeScript', "export default {\n  name: 'p' p,\n};\n", '2:13', /'Expected ','/],
      ['one behind tabs', "export default {\n\tname:\t'p' p,\n};\n", '2:12', /'Expected ','/],
      ['one behind wide letters', "export default {\n  name: '漢字' p,\n};\n", '2', /'Expected ','/],
      ['TypeScript that has to be compiled', '  enum X { a }\n', '1:3', /'TypeScript enum is not/],
    ] as const
  ).map(([title, text, place, says]) => ({
    title: `a protocol with ${title}`,
    files: { 'p.ts': text },
    args: ['--protocol', 'p.ts', ...SMALL],
    place: `p.ts:${place}`,
    says,
  })),
  protocol(
    'a protocol with an import that is not exported',
    "import { nothing } from 'node:fs';\nexport default {};\n",
    '1:10',
    /does not load: 'The requested module/,
  ),
  protocol(
    'a protocol that throws when loaded',
    "const a = 1;\nthrow new Error('oh');\n",
    '2:7',
    /does not load: 'oh'/,
  ),
  protocol('a protocol that throws what has no text', 'throw Object.create(null);\n', '', /does not load: /),
  protocol(
    'a protocol whose error has a number for its message',
    "throw Object.assign(new Error('oh'), { message: 5 });\n",
    '',
    /does not load: '5'/,
  ),
  protocol(
    'a step that is a bigint',
    "export default { name: 'p', sentence: 's', plan: () => [5n] };\n",
    '',
    /has the step '5'/,
  ),
  protocol(
    'a step that holds itself',
    "const a = [];\na.push(a);\nexport default { name: 'p', sentence: 's', plan: () => a };\n",
    '',
    /has the step 'what is no JSON'/,
  ),
  protocol('a protocol that throws null', 'throw null;\n', '', /does not load: 'null'/),
  protocol('a protocol without a default export', "export const name = 'p';\n", '', /has no default export/),
  protocol(
    'a protocol that is a function',
    'export default () => {};\n',
    '',
    /its default export is a function/,
  ),
  protocol(
    'a protocol with a step misspelt',
    "export default { name: 'p', sentence: 's', plan: () => ['reserv'] };\n",
    '',
    /has the step 'reserv', .* did you mean 'reserve'\?/,
  ),
  protocol(
    'a step that is an object',
    "export default { name: 'p', sentence: 's', plan: () => [{ a: 1 }] };\n",
    '',
    /has the step '\{"a":1\}'/,
  ),
  protocol(
    'a swapOut that is a text',
    `export default { name: 'p', sentence: 's', plan: () => ${plan}, swapOut: 'all' };\n`,
    '',
    /swapOut is 'all', expected a list/,
  ),
  protocol(
    'a plan() that throws',
    "export default {\n  name: 'p',\n  sentence: 's',\n  plan() {\n    throw new Error('oh');\n  },\n};\n",
    '5:11',
    /plan\(\) threw 'oh'/,
  ),
  protocol(
    'a plan() that throws for far frames only',
    `export default { name: 'p', sentence: 's', plan: (r, p) => (p.at === 'far frame' ? x : ${plan}) };\n`,
    '1:',
    /plan\(\) threw 'x is not defined'/,
  ),
  protocol(
    'a plan() that returns 7',
    "export default { name: 'p', sentence: 's', plan: () => 7 };\n",
    '',
    /plan\(\) gave '7', expected a list of steps/,
  ),
  {
    ...protocol(
      'a module that waits for ever',
      'await new Promise(() => {});\n',
      '',
      /does not load: 'it waits for what never comes'/,
    ),
    // In a process of its own: one that listens for more is never out of things that could happen.
    stdin: '',
  },
  protocol(
    'a plan() that goes wrong at the third request',
    `let n = 0;\nexport default { name: 'p', sentence: 's', plan: () => (++n > 26 ? 'maybe' : ${plan}) };\n`,
    '',
    /plan\(\) gave 'maybe'/,
  ),
  protocol(
    'a plan that maps before it loads',
    "export default { name: 'p', sentence: 's', plan: () => ['reserve', 'accept', 'unmap', 'map', 'load', 'release', 'retire'] };\n",
    '',
    /plan\(\) for migrate has map before load: the guest would see a frame that is not filled yet, .* unchecked: true/,
  ),
  protocol(
    'a plan that forgets what backs the destination',
    "export default { name: 'p', sentence: 's', plan: () => ['reserve', 'accept', 'load', 'unmap', 'map', 'release', 'retire'] };\n",
    '',
    /plan\(\) for migrate, with the destination backed, lacks the step vacate/,
  ),
  protocol(
    'a plan by way of the source node',
    "export default { name: 'p', sentence: 's', plan: () => ['reserve source', 'accept', 'load', 'unmap', 'map', 'release', 'retire'] };\n",
    '',
    /has the step reserve source: a frame of the source node is the detour/,
  ),
  protocol(
    'a swapOut that releases the frame before the last shootdown',
    `export default { name: 'p', sentence: 's', plan: () => ${plan}, swapOut: ['reserve', 'protect', 'shootdown', 'store', 'unmap', 'release', 'shootdown', 'export'] };\n`,
    '',
    /swapOut has release before shootdown: a vCPU may still read the frame/,
  ),
  protocol(
    'a relocate with a step that is none, though unchecked',
    `export default { name: 'p', sentence: 's', plan: () => ${plan}, unchecked: true, relocate: ['fly'] };\n`,
    '',
    /relocate has the step 'fly'/,
  ),
  protocol(
    'a hostMigrate that is a text, though unchecked',
    `export default { name: 'p', sentence: 's', plan: () => ${plan}, unchecked: true, hostMigrate: 'nonsense' };\n`,
    '',
    /hostMigrate is 'nonsense', expected a list/,
  ),
  protocol(
    'a hostMigrate that only maps and releases',
    `export default { name: 'p', sentence: 's', plan: () => ${plan}, hostMigrate: ['map', 'release'] };\n`,
    '',
    /hostMigrate lacks the step reserve/,
  ),
  protocol(
    'an unchecked that is a text',
    `export default { name: 'p', sentence: 's', plan: () => ${plan}, unchecked: 'yes' };\n`,
    '',
    /unchecked is 'yes', expected true or false/,
  ),
  protocol(
    'a shipped name',
    `export default { name: 'conventional', sentence: 's', plan: () => ${plan} };\n`,
    '',
    /name 'conventional' is taken/,
  ),
  protocol(
    'a name with a path in it',
    `export default { name: '../../p', sentence: 's', plan: () => ${plan} };\n`,
    '',
    /name is '\.\.\/\.\.\/p'/,
  ),
  protocol(
    'an unknown claim',
    `export default { name: 'p', sentence: 's', plan: () => ${plan}, claims: ['I4-pinn'] };\n`,
    '',
    /did you mean I4-pin\?/,
  ),
  protocol(
    'an unknown field',
    `export default { name: 'p', sentence: 's', plan: () => ${plan}, swapout: [] };\n`,
    '',
    /did you mean swapOut\?/,
  ),
  ...(
    [
      ['is an error without a message', 'Object.assign(new Error(), { message: undefined })'],
      ['has no text', 'Object.create(null)'],
      ['throws when it is looked at', 'proxy'],
      ['has a stack that throws', "Object.defineProperty(new Error('oh'), 'stack', { get() { throw 1; } })"],
    ] as const
  ).flatMap(([title, thrown]): Case[] => [
    protocol(`a module that throws what ${title}`, `${PROXY}throw ${thrown};\n`, '', /does not load: '/),
    protocol(
      `a plan() that throws what ${title}`,
      `${PROXY}export default { name: 'p', sentence: 's', plan() { throw ${thrown}; } };\n`,
      '',
      /plan\(\) threw '/,
    ),
    workload(
      `a create() that throws what ${title}`,
      `${PROXY}export default { name: 'w', create() { throw ${thrown}; } };\n`,
      'w.mjs',
      /create\(\) threw '/,
    ),
    workload(
      `a read() that throws what ${title}`,
      `${PROXY}${ownWorkload(`open: () => ({ read() { throw ${thrown}; } })`)}`,
      'w.mjs',
      /read\(\) threw '/,
    ),
    workload(
      `a read() that rejects with what ${title}`,
      `${PROXY}${ownWorkload(`open: () => ({ read: () => Promise.reject(${thrown}) })`)}`,
      'w.mjs',
      /read\(\) threw '/,
    ),
  ]),
  ...['{ create() {}, get name() { throw 1; }, get cpu() { throw 1; } }', 'proxy'].flatMap((value): Case[] =>
    (
      [
        ['protocol', ['--protocol', 'm.mjs', ...SMALL]],
        ['workload', ['--workload', 'm.mjs']],
        ['topology', ['--topology', 'm.mjs']],
        ['profile', ['--profile', 'm.mjs']],
      ] as const
    ).map(([what, args]) => ({
      title: `a ${what} whose default export throws when it is looked at: ${value}`,
      args,
      files: { 'm.mjs': `${PROXY}export default ${value};\n` },
      place: 'm.mjs',
      says: /its default export threw|is no cost profile/,
    })),
  ),
  protocol(
    'a swapOut whose steps throw when they are looked at',
    `${PROXY}export default { name: 'p', sentence: 's', plan: () => ${plan}, swapOut: new Proxy([], proxyHandler) };\n`,
    '',
    /its default export threw/,
  ),
  protocol(
    'a plan whose steps throw when they are looked at',
    `${PROXY}export default { name: 'p', sentence: 's', plan: () => new Proxy([], proxyHandler) };\n`,
    '',
    /plan\(\) threw/,
  ),
  workload(
    'pages that throw when they are looked at',
    "export default { name: 'w', create: () => ({ name: 'w', get pages() { throw new Error('oh'); }, open() {} }) };\n",
    'w.mjs',
    /create\(\) threw 'oh'/,
  ),
  ...[
    "close() { throw new Error('oh'); }",
    "close: () => Promise.reject(new Error('oh'))",
    "get close() { throw new Error('oh'); }",
  ].map((close) =>
    workload(
      `a workload with ${close}`,
      ownWorkload(`open: () => ({ read: () => 0, ${close} })`),
      'w.mjs',
      /close\(\) threw 'oh'/,
    ),
  ),
  workload('a workload without create', "export default { name: 'w' };\n", 'w.mjs', /is no workload/),
  workload(
    'a workload whose create() throws',
    "export default { name: 'w', create() { throw new Error('oh'); } };\n",
    'w.mjs',
    /create\(\) threw 'oh'/,
  ),
  workload(
    'a workload without pages',
    "export default { name: 'w', create: () => ({ name: 'w', open() {} }) };\n",
    'w.mjs',
    /gave no workload/,
  ),
  workload(
    'a workload whose read() throws on a worker',
    "export default { name: 'w', create: () => ({ name: 'w', sentence: '', pages: 3, open: () => ({ read() { throw new Error('oh'); } }) }) };\n",
    'w.mjs',
    /read\(\) threw 'oh'/,
  ),
  workload(
    'a workload that names page 3 of 3',
    "export default { name: 'w', create: () => ({ name: 'w', sentence: '', pages: 3, open: () => ({ read(v, out) { out[0] = 0; out[1] = 3; return 1; } }) }) };\n",
    'w.mjs',
    /vCPU \d names page 3, expected 0 to 2/,
  ),
];
const traces: Case[] = [
  {
    title: 'a trace that is a named pipe',
    args: ['--trace', 't.pipe'],
    prepare: (cwd) => void spawnSync('mkfifo', [join(cwd, 't.pipe')]),
    place: 't.pipe',
    says: /this is a pipe, which can be read only once, .* give '-' /,
    skip: process.platform === 'win32' && 'there are no named pipes',
  },
  flags('a trace that is a device', ['--trace', '/dev/null'], '/dev/null', /the trace is empty/),
  flags('a trace that is not there', ['--trace', 'gone.lackey'], 'gone.lackey', /there is no such file/),
  flags('a trace that is a directory', ['--trace', '.'], '.', /this is a directory/),
  trace('an empty trace', '', '', /the trace is empty/),
  trace(
    'a binary trace',
    Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0, 10]),
    '1:1',
    /looks like a binary file/,
  ),
  trace('a gzip that is cut off', phases.subarray(0, 5000), '', /damaged or cut off/),
  trace(
    'a line without a size, 3 lines in',
    'I  0400,4\n L 1fff000768,8\n S 1fff000768\n',
    '3:14',
    /',' after the address/,
  ),
  trace('a gzip that unpacks to more than --max-bytes', packedZeros, '', /unpacks to more than 65536 bytes/, [
    '--max-bytes',
    '64KiB',
  ]),
  {
    ...trace('more pages than --pages, in the middle of a run', phases, '', /touches more than 300 pages/, [
      '--pages',
      '300',
    ]),
    place: 't.lackey:',
  },
  {
    ...trace('three traces for two vCPUs', ' L 1,8\n', '', /3 traces for 2 vCPUs/, [
      '--trace',
      't.lackey',
      '--trace',
      't.lackey',
    ]),
    place: '--trace',
  },
  {
    ...trace('a task that moves, of two', ' L 1,8\n', '', /2 traces, expected one/, [
      '--trace',
      't.lackey',
      '--move-every',
      '5',
    ]),
    place: '--move-every',
  },
  {
    title: 'a trace together with a workload',
    args: ['--trace', 't', '--workload', 'zipf'],
    place: '--workload',
    says: /together with --trace/,
  },
  {
    title: 'more pages than --pages, on threads',
    args: ['--trace', 't.gz', '--pages', '300', '--executor', 'threads', '--protocol', 'copyless-map'],
    files: { 't.gz': phases },
    place: 't.gz:',
    says: /touches more than 300 pages/,
  },
];
const asRoot = process.getuid?.() === 0 && 'the superuser may write everywhere';
const outputs: Case[] = [
  {
    title: '--json below a file',
    args: ['--json', 'f/r.json'],
    files: { f: '' },
    place: 'f/r.json',
    says: /cannot be written \((ENOTDIR|EEXIST)\)/,
  },
  {
    title: '--out that is a file',
    args: ['--out', 'f'],
    files: { f: '' },
    place: 'f/result.json',
    says: /cannot be written/,
  },
  {
    title: '--json and --profile in one file',
    args: ['--json', 'x.cpuprofile', '--profile', './x.cpuprofile'],
    place: '--profile',
    says: /is the file of --json/,
  },
  {
    title: 'check: --checkpoint and --profile in one file',
    args: ['check', '-p', 'conventional', '--checkpoint', 'c.cpuprofile', '--profile', 'c.cpuprofile'],
    place: '--profile',
    says: /is the file of --checkpoint/,
  },
  {
    title: '--replay beside another option',
    args: ['--replay', 'f.json', '--seed', '9'],
    place: '--replay',
    says: /beside '--seed', expected nothing else/,
  },
  {
    title: '--replay beside a scenario',
    args: ['s.yaml', '--replay', 'f.json'],
    place: '--replay',
    says: /beside 's\.yaml', expected nothing else/,
  },
  {
    title: 'fuzz: --list as JSON',
    args: ['fuzz', '--list', '--json', 'f'],
    place: '--json',
    says: /beside --list, expected one of the two/,
  },
  { title: '--json that is a folder', args: ['--json', '.'], place: '.', says: /is no file name/ },
  {
    title: '--json that takes the scenario for its file',
    args: ['--json', 's.yaml'],
    files: { 's.yaml': good },
    place: '--json',
    says: /'s\.yaml' is an input, .* give what is read before --json$/,
  },
  {
    title: 'check: --json that takes the scenario for its file',
    args: ['check', '--json', 's.yaml'],
    files: { 's.yaml': good },
    place: '--json',
    says: /'s\.yaml' is an input/,
  },
  {
    title: 'fuzz: --json with the name of a protocol file',
    args: ['fuzz', '--json', 'p.mjs'],
    files: { 'p.mjs': '' },
    place: '--json',
    says: /'p\.mjs' is an input/,
  },
  {
    title: '--json into the topology',
    args: ['--topology', 't.txt', '--json', './t.txt', ...SMALL],
    files: { 't.txt': '' },
    place: '--json',
    says: /'\.\/t\.txt' is an input/,
  },
  {
    title: '--out with the scenario in the place of the result',
    args: ['d/result.json', '--out', 'd'],
    prepare: (cwd) => {
      mkdirSync(join(cwd, 'd'));
      writeFileSync(join(cwd, 'd', 'result.json'), good);
    },
    place: '--out',
    says: /the result in 'd' is an input/,
  },
  {
    title: '--json into a live migration',
    args: ['m.yaml', '--json', 'm.yaml'],
    files: { 'm.yaml': readFileSync(join(EXAMPLES, 'live-migration.yaml')) },
    place: '--json',
    says: /'m\.yaml' is an input/,
  },
  {
    title: '--json into a folder that may not be written to',
    args: ['--json', 'locked/r.json'],
    prepare: (cwd) => {
      mkdirSync(join(cwd, 'locked'));
      chmodSync(join(cwd, 'locked'), 0o555);
    },
    place: 'locked/r.json',
    says: /cannot be written \(E(ACCES|PERM|ROFS)\)/,
    skip: asRoot,
  },
  {
    title:
      '--json into a new folder, and a page limit that is met in the middle of a run: the folder is not left behind',
    args: ['--json', 'new/deep/r.json', '--trace', 't.gz', '--pages', '300', '--protocol', 'copyless-map'],
    files: { 't.gz': phases },
    place: 't.gz:',
    says: /touches more than 300 pages/,
  },
  {
    title: '--json through a symbolic link that leads in a circle',
    args: ['--json', 'loop/r.json'],
    prepare: (cwd) => symlinkSync('loop', join(cwd, 'loop')),
    place: 'loop/r.json',
    says: /cannot be written/,
  },
];

const replays: Case[] = [
  flags('a replay file that is not there', ['--replay', 'gone.json'], 'gone.json', /no such file/),
  flags('a replay file that is a directory', ['replay', '.'], '.', /is a directory/),
  replay('a replay file that is cut off', kept(() => {}).slice(0, 500), /is no JSON: .*cut off/),
  replay(
    'a seeded bug that is not there',
    kept((file) => (file['unit'].flaws = ['x'])),
    /unit\.flaws\.0 is 'x'/,
  ),
  replay(
    'a fault that is not there',
    kept((file) => (file['unit'].spec.faults = [{ fault: 'rain', nth: 1 }])),
    /unit\.spec\.faults\.0\.fault is 'rain'/,
  ),
  replay('JSON of something else', '{"name": "copyless"}', /is no replay file/),
  replay('JSON null', 'null', /is no replay file/),
  replay(
    'a replay file nested 100,000 deep',
    `${'{"replay":'.repeat(100_000)}1${'}'.repeat(100_000)}`,
    /is no (JSON|replay file)/,
  ),
  replay(
    'a unit that is a text',
    kept((file) => (file['unit'] = 'x')),
    /unit is 'x', expected keys with values/,
  ),
  replay(
    'frames below zero',
    kept((file) => (file['unit'].spec.nodes[0].frames = -5)),
    /unit\.spec\.nodes\.0\.frames is '-5'/,
  ),
  replay(
    'slots beyond memory',
    kept((file) => (file['unit'].spec.stores[0].slots = 2 ** 29)),
    /memory|size of unit\.spec/,
  ),
  replay(
    'a store on a node that is not there',
    kept((file) => (file['unit'].spec.stores[0].node = 9)),
    /unit\.spec\.stores\.node is 9, expected below 2/,
  ),
  replay(
    'a vCPU on a vNode that is not there',
    kept((file) => (file['unit'].spec.guests[0].vcpus = [0, 7])),
    /vcpus is 7, expected below 2/,
  ),
  replay(
    'more pages than the guest has',
    kept((file) => (file['unit'].workload.parameters.pages = 5000)),
    /workload's pages is 5000/,
  ),
  replay(
    'a cost that is a text',
    kept((file) => (file['unit'].costs.hypercallNs = 'free')),
    /costs\.hypercallNs is 'free'/,
  ),
  replay(
    'pages read ahead that are fewer than none',
    kept((file) => (file['unit'].spec.policy.readAhead = -5)),
    /policy\.readAhead is '-5'/,
  ),
  replay(
    'a missing cost',
    kept((file) => delete file['unit'].costs.hypercallNs),
    /costs\.hypercallNs is 'nothing'/,
  ),
  replay(
    'a property that does not exist',
    kept((file) => (file['violation'].property = 'I99')),
    /violation\.property is 'I99'/,
  ),
  {
    ...replay(
      'a protocol that is gone',
      kept((file) => (file['unit'].protocol = './gone.mjs')),
      /no such file/,
    ),
    place: './gone.mjs',
  },
];

const machines: Case[] = [
  flags(
    'a machine that is not there',
    ['machines', 'pages'],
    'pages',
    /no such machine, .* did you mean page\?$/,
  ),
  flags('a machine without a name', ['machines', ''], '""', /one of page, request, frame, vcpu/),
  flags(
    'a machine with an escape code in its name',
    ['machines', 'page\u001b[2J'],
    'page\\x1b[2J',
    /no such machine/,
  ),
  flags(
    'a format that is none',
    ['machines', 'page', '--format', 'promella'],
    '--format',
    /one of mermaid, dot, json, scxml, promela, tla, hint: did you mean promela\?$/,
  ),
  flags('a format without a value', ['machines', '--format'], '--format', /without a value/),
  flags('files without a format', ['machines', '--out', 'd'], '--out', /without --format/),
  {
    ...flags(
      'a file in place of the folder',
      ['machines', '-f', 'tla', '--out', 'd'],
      'd/page.tla',
      /cannot be written/,
    ),
    files: { d: '' },
  },
];

const cases = [...scenarios, ...usage, ...modules, ...traces, ...outputs, ...replays, ...machines];
/** Every so manyth case gets a process of its own, as do those that read standard input; the others share. */
const OWN_PROCESS_EVERY = 9;

const possible = cases.filter(({ skip }) => !skip);

describe(`bad input, ${cases.length} cases`, () => {
  const ended = new Map<Case, Ended & { before: string[]; after: string[] }>();
  const folders: string[] = [];

  beforeAll(async () => {
    const batches = Array.from({ length: LANES }, () => new Batch());
    await forAll(possible, async (one, lane) => {
      const cwd = folder(one.files);
      folders.push(cwd);
      one.prepare?.(cwd);
      const before = namesIn(cwd);
      const own = one.stdin !== undefined || possible.indexOf(one) % OWN_PROCESS_EVERY === 0;
      const end = await (own ? run(one.args, { cwd, stdin: one.stdin }) : batches[lane]!.run(one.args, cwd));
      ended.set(one, { ...end, before, after: namesIn(cwd) });
    });
    for (const batch of batches) batch.end();
  });
  afterAll(() => {
    for (const path of folders) rmSync(path, { recursive: true, force: true });
  });

  for (const one of cases) {
    it(one.skip ? `${one.title} (skipped: ${one.skip})` : one.title, ({ skip }) => {
      if (one.skip) return skip(one.skip);
      const { status, stdout, stderr, before, after } = ended.get(one)!;
      const lines = stderr
        .trimEnd()
        .split('\n')
        .filter((line) => !line.startsWith('warning: '));
      expect(lines).toEqual([expect.stringMatching(/^copyless: .+, expected .+, hint: .+$/)]);
      const rest = lines[0]!.slice('copyless: '.length);
      expect(rest.slice(0, one.place.length)).toBe(one.place);
      // After the place comes ": what", or more of the place where the case leaves it open.
      if (!one.place.endsWith(':')) expect(rest.slice(one.place.length)).toMatch(/^(:\d+){0,2}: /);
      expect(rest).toMatch(one.says);
      expect(status).toBe(2);
      expect(stdout).toBe('');
      expect(after).toEqual(before);
    });
  }
});
