// Readers of the exported formats, small and strict, and written from the formats' own rules: they share no code with the writers.
// A line that a reader does not know is an error.

export interface Read {
  initial: string;
  states: string[];
  /** `from -event-> to`. */
  steps: string[];
}

export const arrow = (from: string, event: string, to: string) => `${from} -${event}-> ${to}`;

function unknown(format: string, text: string): never {
  throw new Error(`${format}: cannot read ${JSON.stringify(text)}`);
}

/** Mermaid: labels of nested states joined by dots are the names. */
export function readMermaid(text: string): Read {
  const [title, kind, ...lines] = text.trimEnd().split('\n');
  if (!title!.startsWith('%% ') || kind !== 'stateDiagram-v2') unknown('mermaid', `${title}\n${kind}`);
  const decoded = (label: string) =>
    label.replaceAll(/#(\d+);/g, (_, code) => String.fromCodePoint(Number(code)));
  const names = new Map<string, string>();
  const composite = new Set<string>();
  const around: string[] = [];
  const read: Read = { initial: '', states: [], steps: [] };
  for (const line of lines) {
    const state = /^ *state "([^"]*)" as (\w+)( \{)?$/.exec(line);
    const step = /^ {2}(\w+|\[\*\]) --> (\w+)(?: : ((?:[^:;"#]|#\d+;)+))?$/.exec(line);
    if (state) {
      const name = [...around, decoded(state[1]!)].join('.');
      if (names.has(state[2]!)) unknown('mermaid', `${line} twice`);
      names.set(state[2]!, name);
      if (state[3]) {
        composite.add(name);
        around.push(decoded(state[1]!));
      } else read.states.push(name);
    } else if (/^ *\}$/.test(line) && around.length > 0) around.pop();
    else if (step) {
      const [, from = '', to = '', event] = step;
      const target = names.get(to) ?? unknown('mermaid', line);
      if (from === '[*]') read.initial = target;
      else read.steps.push(arrow(names.get(from) ?? unknown('mermaid', line), decoded(event!), target));
    } else unknown('mermaid', line);
  }
  if (around.length > 0) unknown('mermaid', 'a state that does not end');
  return read;
}

/** Dot: the quoted ids are the names, clusters nest as the names do. */
export function readDot(text: string): Read {
  const word = String.raw`"((?:[^"\\]|\\.)*)"`;
  const plain = (quoted: string) => quoted.replaceAll(/\\(["\\])/g, '$1');
  const around: string[] = [];
  const read: Read = { initial: '', states: [], steps: [] };
  const [comment, open, ...lines] = text.trimEnd().split('\n');
  if (!comment!.startsWith('// ') || !new RegExp(`^digraph ${word} \\{$`).test(open!)) unknown('dot', open!);
  if (lines.pop() !== '}') unknown('dot', 'no end');
  for (const line of lines) {
    const cluster = new RegExp(`^ +subgraph ${word} \\{$`).exec(line);
    const node = new RegExp(`^ +${word} \\[label=${word}\\];$`).exec(line);
    const edge = new RegExp(`^ {2}${word} -> ${word}(?: \\[label=${word}\\])?;$`).exec(line);
    if (cluster) around.push(plain(cluster[1]!).replace(/^cluster_/, ''));
    else if (/^ +\}$/.test(line) && around.length > 0) around.pop();
    else if (new RegExp(`^ +label=${word};$`).test(line)) {
      const [, label = ''] = new RegExp(word).exec(line)!;
      if (!around.at(-1)?.endsWith(plain(label))) unknown('dot', line);
    } else if (node) {
      const [name, label] = [plain(node[1]!), plain(node[2]!)];
      if ([...around.slice(-1), label].join('.') !== name) unknown('dot', line);
      read.states.push(name);
    } else if (edge) {
      const [from, to] = [plain(edge[1]!), plain(edge[2]!)];
      if (from === '(initial)') read.initial = to;
      // In a label a line ends with backslash n, which is not the escape of a name's own backslash.
      else {
        const events = edge[3]!.split(/(?<!\\)(?:\\\\)*\\n/);
        read.steps.push(...events.map((event) => arrow(from, plain(event), to)));
      }
    } else if (!/^ {2}(node|"\(initial\)") \[[\w=, "]+\];$/.test(line)) unknown('dot', line);
  }
  return read;
}

export function readJson(text: string): Read {
  const { version, initial, states, events, transitions } = JSON.parse(text) as {
    version: number;
    initial: string;
    states: string[];
    events: string[];
    transitions: { from: string; on: string; to: string }[];
  };
  if (version !== 1 || transitions.some(({ on }) => !events.includes(on))) unknown('json', text);
  return { initial, states, steps: transitions.map(({ from, on, to }) => arrow(from, on, to)) };
}

/** SCXML: well-formed XML of the elements that are used, ids unique, targets there. */
export function readScxml(text: string): Read {
  const tag = /\s*<(\/?)([a-z]+)((?: [a-z]+="[^"<&>]*")*)(\/?)>/y;
  const open: { element: string; id: string; leaf: boolean }[] = [];
  const ids: string[] = [];
  const read: Read = { initial: '', states: [], steps: [] };
  const targets: string[] = [];
  const end = text.trimEnd().length;
  while (tag.lastIndex < end) {
    const at = tag.lastIndex;
    const [, closing, element = '', attributes = '', empty] =
      tag.exec(text) ?? unknown('scxml', text.slice(at, at + 80));
    if (closing) {
      const closed = open.pop();
      if (closed?.element !== element) return unknown('scxml', `</${element}>`);
      if (closed.element === 'state' && closed.leaf) read.states.push(closed.id);
      continue;
    }
    const value = (key: string) => new RegExp(` ${key}="([^"]*)"`).exec(attributes)?.[1] ?? '';
    const parent = open.at(-1);
    if (element === 'scxml') {
      if (parent || value('xmlns') !== 'http://www.w3.org/2005/07/scxml' || value('version') !== '1.0')
        unknown('scxml', attributes);
      read.initial = value('initial');
    } else if (element === 'state' && parent) {
      const id = value('id');
      if (!/^[A-Za-z_][\w.-]*$/.test(id) || ids.includes(id)) unknown('scxml', attributes);
      ids.push(id);
      parent.leaf = false;
      if (empty) read.states.push(id);
    } else if (element === 'transition' && empty && parent?.element === 'state') {
      if (!/^\w+$/.test(value('event'))) unknown('scxml', attributes);
      targets.push(value('target'));
      read.steps.push(arrow(parent.id, value('event'), value('target')));
    } else unknown('scxml', `<${element}>`);
    if (!empty) open.push({ element, id: value('id'), leaf: true });
  }
  if (open.length > 0 || targets.some((id) => !ids.includes(id))) unknown('scxml', targets.join());
  return read;
}

/** Promela: the model's own words; the form is the one that the writer promises. */
export function readPromela(text: string): Read {
  const list = (kind: string) =>
    new RegExp(`^mtype:${kind} = \\{ ([\\w, ]+) \\};$`, 'm').exec(text)?.[1]!.split(', ') ??
    unknown('promela', kind);
  const [states, events] = [list('state'), list('event')];
  const initial = /^mtype:state state = (\w+);$/m.exec(text)?.[1] ?? unknown('promela', 'state');
  if (new Set([...states, ...events]).size !== states.length + events.length)
    unknown('promela', 'a word twice');
  const [, body = ''] = /^active proctype \w+\(\) \{\nend:\n {2}do\n([\s\S]*) {2}od\n\}\n$/m.exec(text) ?? [];
  const option =
    /^ {2}:: atomic \{ state == (\w+) *-> event = (\w+); printf\("(\w+) (\w+) (\w+)\\n"\); state = (\w+) \}$/;
  const steps = body
    .split('\n')
    .slice(0, -1)
    .map((line) => {
      const [, from = '', event = '', ...rest] = option.exec(line) ?? unknown('promela', line);
      const to = rest.at(-1)!;
      if (rest.slice(0, 3).join() !== [from, event, to].join()) unknown('promela', line);
      if (!states.includes(from) || !states.includes(to) || !events.includes(event)) unknown('promela', line);
      return arrow(from, event, to);
    });
  return { initial, states, steps };
}

/** TLA+: the disjuncts of the actions that Next names. Whatever is used was defined before, as SANY wants it. */
export function readTla(text: string): Read {
  const lines = text.trimEnd().split('\n');
  if (!/^-{4,} MODULE [A-Za-z]\w* -{4,}$/.test(lines[0]!) || !/^={4,}$/.test(lines.at(-1)!))
    unknown('tla', lines[0]!);
  const string = String.raw`"((?:[^"\\]|\\.)*)"`;
  const plain = (quoted: string) => quoted.replaceAll(/\\(["\\])/g, '$1');
  const actions = new Map<string, [string, string][]>();
  const defined = new Set<string>(['state']);
  let current = '';
  const next: string[] = [];
  const read: Read = { initial: '', states: [], steps: [] };
  for (const line of lines.slice(1, -1)) {
    const define = /^([A-Za-z]\w*) ==(.*)$/.exec(line);
    const disjunct = new RegExp(`^ {2}\\\\/ state = ${string} /\\\\ state' = ${string}$`).exec(line);
    const named = /^ {2}\\\/ ([A-Za-z]\w*)$/.exec(line);
    if (define) {
      current = define[1]!;
      if (defined.has(current)) unknown('tla', `${current} twice`);
      defined.add(current);
      const right = define[2]!.trim();
      if (current === 'States') {
        read.states = [...right.matchAll(new RegExp(string, 'g'))].map((found) => plain(found[1]!));
        if (!/^\{.*\}$/.test(right)) unknown('tla', line);
      } else if (current === 'Init') {
        read.initial = plain(new RegExp(`^state = ${string}$`).exec(right)?.[1] ?? unknown('tla', line));
      } else if (current === 'Spec') {
        if (right !== 'Init /\\ [][Next]_state') unknown('tla', line);
      } else if (current === 'TypeOK') {
        if (right !== 'state \\in States') unknown('tla', line);
      } else if (current !== 'Next') actions.set(current, []);
    } else if (disjunct && actions.has(current)) {
      actions.get(current)!.push([plain(disjunct[1]!), plain(disjunct[2]!)]);
    } else if (named && current === 'Next' && defined.has(named[1]!)) next.push(named[1]!);
    else if (line !== '' && line !== 'VARIABLE state' && !line.startsWith('\\* ')) unknown('tla', line);
  }
  for (const name of ['States', 'Init', 'Next', 'Spec', 'TypeOK'])
    if (!defined.has(name)) unknown('tla', name);
  for (const name of next) {
    for (const [from, to] of actions.get(name)!) {
      if (!read.states.includes(from) || !read.states.includes(to)) unknown('tla', `${from}, ${to}`);
      read.steps.push(arrow(from, name, to));
    }
  }
  return read;
}
