/** What goes over the wire (`/api/v1`) and what the modules of the viewer hand each other. Types only: nothing is compiled. */

/** west, south, lowest, east, north, highest: degrees and metres (ellipsoidal). */
export type Bounds = [number, number, number, number, number, number];

export interface Placement {
  crs?: string | null;
  used?: string | null;
  confidence?: "high" | "medium" | "low" | "none";
  origin?: number[] | null;
  /** From east to the model's x axis, counter-clockwise. */
  rotation_deg?: number;
  matrix?: number[] | null;
  warnings?: string[];
  found?: { what: string; values?: Record<string, unknown>; used?: boolean; reason?: string }[];
}

export interface Model {
  key: string;
  name: string;
  /** By language, where there is more than one. */
  names: Partial<Label>;
  /** What its rules call its classes. */
  class_names: Record<string, Partial<Label>>;
  kind: string;
  source: string;
  schema: string | null;
  revision: number;
  imported_at: string;
  objects: number;
  drawn: number;
  not_drawn: Record<string, number>;
  placement: Placement;
  bounds: Bounds | null;
  tileset: string;
  warnings: string[];
}

export interface TwinObject {
  id: string;
  model: string;
  global_id: string;
  class: string;
  name: string;
  state_index: number;
  parent: string | null;
  storey: string | null;
  storey_name: string | null;
  discipline: string;
  hidden: boolean;
  has_children: boolean;
  bounds: Bounds | null;
}

export interface PropertyValue {
  value: boolean | number | string | null | (boolean | number | string)[];
  type: string;
  unit?: string | null;
}

export interface ObjectDetail extends TwinObject {
  description?: string | null;
  long_name?: string | null;
  object_type?: string | null;
  predefined_type?: string | null;
  tag?: string | null;
  type_name?: string | null;
  materials: string[];
  classifications: { system?: string | null; code?: string | null; name?: string | null }[];
  groups: { kind?: string | null; name?: string | null; global_id?: string | null }[];
  properties: Record<string, Record<string, PropertyValue>>;
  same_as: string[];
  path: { id: string; name: string; class: string }[];
}

/** A signal with what it says now (`/api/v1/signals`). */
export interface Signal {
  id: string;
  name: string;
  kind: string | null;
  type: "boolean" | "integer" | "number" | "text" | "enum";
  unit: string | null;
  value: boolean | number | string | null;
  quality: "good" | "uncertain" | "stale" | "bad" | null;
  observed_at: string | null;
  /** Valid values, inclusive. */
  range: [number | null, number | null] | null;
  choices: string[];
  /** How it is commanded; null: it is not settable. */
  control: { dangerous: boolean } | null;
}

export interface CommandStep {
  state: string;
  at: string;
  by: string;
  detail: string | null;
  /** It changed nothing. */
  noted: boolean;
}

export interface CommandRequest {
  id: string;
  open: boolean;
  by: string;
  reason: string;
  created_at: string;
  targets: number;
  counts: Record<string, number>;
  /** Where it is for one signal. */
  command: { id: string; signal: string; object: string; unit: string | null; value: boolean | number | string; state: string; detail: string | null } | null;
}

/** A command of a request that has many. */
export interface CommandTarget {
  id: string;
  signal: string;
  object: string;
  state: string;
  detail: string | null;
}

export interface CommandOutcome {
  signal: string;
  refusals: { code: string; detail: string }[];
  /** Now; they count when it is sent. */
  failing_interlocks: { code: string; detail: string }[];
  supersedes: string[];
  approval: boolean;
}

/** What would happen; of the outcomes the refused ones come first, and not all are told. */
export interface DryRun {
  targets: number;
  refused: number;
  outcomes: CommandOutcome[];
}

export interface Curve {
  resolution: "raw" | "1m" | "15m" | "1h";
  /** How many readings it stands for. */
  readings: number;
  items: { value: boolean | number | string; observed_at: string }[];
}

export interface Alarm {
  id: number;
  signal: string;
  object: string;
  object_name: string;
  state_index: number;
  kind: "high_high" | "high" | "low" | "low_low" | "state" | "stale" | "bad" | "unconfirmed";
  severity: "critical" | "major" | "minor" | "warning" | "info";
  message: string | null;
  value: boolean | number | string;
  unit: string | null;
  since: string;
  acknowledged: boolean;
  acknowledged_by: string | null;
}

/** Of the live channel (`format=alarms`); a list is whole. */
export type AlarmFrame = { type: "open_alarms"; alarms: Alarm[]; more: boolean } | { type: "beat" };

export interface Label {
  zh: string;
  en: string;
}

/** What can be coloured (`/api/v1/themes`), and what of it this scene has. */
export interface Theme {
  key: string;
  kinds: string[];
  label: Label;
  unit: string | null;
  low: number;
  high: number;
  ramp: { value: number; code: number; colour: string }[];
  special: { code: number; colour: string; label: Label }[];
  /** 256, one for each code. */
  colours: string[];
  signals: number;
  /** Names of its signals. */
  names: string[];
}

/** How many objects are coloured, and how many by codes that are no value. */
export interface Tally {
  objects: number;
  special: Record<number, number>;
}

export interface Page<T> {
  items: T[];
  next: string | null;
}

export interface ClassCount {
  class: string;
  count: number;
  drawn: number;
}

export interface Storey {
  id: string;
  name: string;
  long_name: string | null;
  elevation_m: number | null;
  count: number;
}

/** What decides whether a drawn object is shown. */
export interface Filters {
  hiddenModels: ReadonlySet<string>;
  hiddenClasses: ReadonlySet<string>;
  /** Storeys by global_id; a storey that several models share is one. */
  hiddenStoreys: ReadonlySet<string>;
  /** Global ids of the only storeys to show, or null for all. */
  onlyStoreys: ReadonlySet<string> | null;
  /** State indices hidden one by one. */
  hiddenObjects: ReadonlySet<number>;
  /** State indices of the only objects to show, or null for all. */
  onlyObjects: ReadonlySet<number> | null;
  spaces: boolean;
}

export interface AppState {
  status: "loading" | "ready" | "empty" | "error";
  error: Error | null;
  models: Model[];
  /** Storeys by model key, once asked for. */
  storeys: Record<string, Storey[]>;
  filters: Filters;
  underground: { on: boolean; opacity: number };
  /** Whether all but the selection is glass. */
  xray: boolean;
  selected: { kind: "object" | "model"; id: string } | null;
  /** Tiles on their way; -1 before the scene is there. */
  pendingTiles: number;
  sceneError: Error | null;
  /** Themes that this scene has signals of; null: not known yet. */
  themes: Theme[] | null;
  themesError: Error | null;
  /** Key of the theme that colours the scene; null: its own colours. */
  theme: string | null;
  /** How far the colours can be trusted; `past`: they are those of `instant`. */
  live: "off" | "connecting" | "live" | "lost" | "past";
  /** Why there are no colours, in the server's words; empty: the connection. */
  liveReason: string;
  /** Milliseconds since 1970 of the instant that is shown; null: now. */
  instant: number | null;
  /** What is played: hours until now, or an interval of its own; `speed`: seconds of it in one of ours. */
  play: { on: boolean; span: number | { from: number; to: number }; speed: number };
  tally: Tally | null;
  /** Open alarms, the newest first; null: not known yet. */
  alarms: Alarm[] | null;
  /** Whether there are more than these. */
  alarmsMore: boolean;
  alarmsError: Error | null;
}
