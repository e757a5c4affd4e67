import type { DeviceKind } from '../../core/types.ts';
import type { CompiledEvent, CompiledField, CompiledFields } from './compiled-field.ts';
import type { Scratch } from './scratch.ts';
import { takeValue } from './values.ts';

/**
 * A maker's own payload, described by the paths of a kind's fields. Compiled into a tree of the keys that may occur, so
 * that reading a record is one walk over it, whatever the number of fields.
 */
interface Node {
  /** Path of this node, for refusals. */
  path: string;
  children: Map<string, Node> | null;
  name: string;
  field: CompiledField | null;
  role: 'branch' | 'field' | 'ts' | 'id' | 'type' | 'ignored';
}

export interface Shapes {
  telemetry: Node;
  events: ReadonlyMap<string, Node>;
  /** Where an event's type stands. */
  type: readonly string[];
  types: ReadonlyMap<unknown, string> | null;
  /** Milliseconds in a unit of their `ts`. */
  tsUnitMs: number;
}

/** Null when the kind says nothing of its own about where things stand. */
export function compileShapes(
  kind: DeviceKind,
  fields: CompiledFields,
  events: ReadonlyMap<string, CompiledEvent>,
): Shapes | null {
  const sets = [fields, ...[...events.values()].map((event) => event.fields)];
  const moved = sets.some((set) => [...set.values()].some(({ spec }) => spec.source?.path != null));
  if (!moved && !kind.payload) return null;
  const { event = null, ts = null } = kind.payload ?? {};
  const type = event?.path ?? ['type'];
  const trees = [...events].map(([name, spec]): [string, Node] => [name, treeOf(kind, spec.fields, 'data', type)]);
  return {
    telemetry: treeOf(kind, fields, 'values', null),
    events: new Map(trees),
    type,
    types: event?.map ? typesOf(event.map) : null,
    tsUnitMs: ts?.unit === 's' ? 1000 : 1,
  };
}

function typesOf(map: ReadonlyMap<string, string>): ReadonlyMap<unknown, string> {
  const types = new Map<unknown, string>(map);
  for (const [code, type] of map) if (String(Number(code)) === code) types.set(Number(code), type);
  return types;
}

function treeOf(kind: DeviceKind, fields: CompiledFields, under: string, type: readonly string[] | null): Node {
  const root: Node = { path: '', children: null, name: '', field: null, role: 'branch' };
  for (const path of kind.payload?.ignore ?? []) plant(root, path).role = 'ignored';
  plant(root, kind.payload?.ts?.path ?? ['ts']).role = 'ts';
  plant(root, kind.payload?.id ?? ['id']).role = 'id';
  if (type) plant(root, type).role = 'type';
  for (const [name, field] of fields) {
    const node = plant(root, field.spec.source?.path ?? [under, name]);
    node.role = 'field';
    node.name = name;
    node.field = field;
  }
  return root;
}

function plant(root: Node, path: readonly string[]): Node {
  let node = root;
  for (const key of path) {
    node.children ??= new Map();
    let child = node.children.get(key);
    if (!child) {
      child = { path: join(node.path, key), children: null, name: '', field: null, role: 'branch' };
      node.children.set(key, child);
    }
    node = child;
  }
  return node;
}

function join(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`;
}

/** Reads a record along its tree into `scratch`; false, with the problem, at the first thing that does not fit. */
export function readShape(given: object, tree: Node, scratch: Scratch): boolean {
  scratch.startValues();
  return walk(given, tree, scratch);
}

function walk(given: object, node: Node, scratch: Scratch): boolean {
  for (const key in given) {
    const value = (given as Record<string, unknown>)[key];
    const child = node.children?.get(key);
    if (!child) return scratch.fail('unknown-field', join(node.path, key), value) !== null;
    switch (child.role) {
      case 'field':
        if (!takeValue(scratch, child.name, value, child.field!)) {
          scratch.problem.path = child.path;
          return false;
        }
        break;
      case 'ts':
        scratch.ts = value;
        break;
      case 'id':
        scratch.id = value;
        break;
      case 'branch':
        if (typeof value !== 'object' || value === null) return scratch.fail('wrong-type', child.path, value) !== null;
        if (!walk(value, child, scratch)) return false;
        break;
      default:
        break;
    }
  }
  return true;
}

/** The type of an event by our name, or null and the problem. */
export function typeOf(given: object, shapes: Shapes, scratch: Scratch): string | null {
  let value: unknown = given;
  for (const key of shapes.type) {
    value =
      typeof value === 'object' && value !== null && Object.hasOwn(value, key)
        ? (value as Record<string, unknown>)[key]
        : undefined;
  }
  if (shapes.types) {
    const type = shapes.types.get(value);
    if (type !== undefined) return type;
    return scratch.fail(value === undefined ? 'missing-key' : 'unknown-event', shapes.type.join('.'), value);
  }
  if (typeof value === 'string') return value;
  return scratch.fail(value === undefined ? 'missing-key' : 'wrong-type', shapes.type.join('.'), value);
}

/** Their `ts` in ms; what is no number is left to be refused as such. */
export function tsOf(ts: unknown, { tsUnitMs }: Shapes): unknown {
  return typeof ts === 'number' && tsUnitMs !== 1 ? Math.round(ts * tsUnitMs) : ts;
}
