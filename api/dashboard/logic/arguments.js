/** Forms from the JSON Schema of a command: which fields, and what a person wrote into them. */

/**
 * @typedef {object} Field
 * @property {string} name
 * @property {"integer" | "number" | "boolean" | "string" | "choice"} kind
 * @property {number | null} minimum
 * @property {number | null} maximum
 * @property {boolean} required
 * @property {string} unit
 * @property {(string | number)[]} choices
 * @property {import("../types").Value} initial
 */

/**
 * @param {import("../types").CommandDescription} command
 * @returns {Field[]}
 */
export function fieldsOf(command) {
  const required = new Set(command.arguments.required ?? []);
  return Object.entries(command.arguments.properties ?? {}).map(([name, schema]) => ({
    name,
    kind: kindOf(schema),
    minimum: schema.minimum ?? null,
    maximum: schema.maximum ?? null,
    required: required.has(name),
    unit: schema.unit ?? "",
    choices: schema.enum ?? [],
    initial: schema.default ?? null,
  }));
}

/** @param {import("../types").ArgumentSchema} schema @returns {Field["kind"]} */
function kindOf(schema) {
  if (schema.enum) return "choice";
  if (schema.type === "integer" || schema.type === "number" || schema.type === "boolean") return schema.type;
  return "string";
}

/** The limits of a field in words, "" when it has none worth a word. @param {Field} field */
export function limitsText(field) {
  if (field.kind !== "integer" && field.kind !== "number") return "";
  const kind = field.kind === "integer" ? "whole number" : "number";
  const unit = field.unit ? ` ${field.unit}` : "";
  const { minimum, maximum } = field;
  if (minimum !== null && maximum !== null && Math.abs(maximum) < 1e15) {
    return `${kind} from ${minimum} to ${maximum}${unit}`;
  }
  return `${kind}${unit}`;
}

/**
 * @param {Field} field
 * @param {string} text as it was written, "true" or "false" of a check box
 * @returns {{ value?: import("../types").Value, problem?: string }} neither for an optional one left empty
 */
export function readField(field, text) {
  if (field.kind === "boolean") return { value: text === "true" };
  const written = text.trim();
  if (written === "") return field.required ? { problem: "is missing" } : {};
  if (field.kind === "choice") {
    const choice = field.choices.find((one) => String(one) === written);
    return choice === undefined ? { problem: "is not one of the choices" } : { value: choice };
  }
  return field.kind === "string" ? { value: written } : readNumber(field, written);
}

/** @param {Field} field @param {string} written */
function readNumber(field, written) {
  const value = Number(written.replace(",", "."));
  if (!Number.isFinite(value)) return { problem: "must be a number" };
  if (field.kind === "integer" && !Number.isInteger(value)) return { problem: "must be a whole number" };
  const low = field.minimum !== null && value < field.minimum;
  const high = field.maximum !== null && value > field.maximum;
  return low || high ? { problem: `must be from ${field.minimum} to ${field.maximum}` } : { value };
}

/**
 * All fields together.
 * @param {Field[]} fields
 * @param {Record<string, string>} texts
 */
export function readFields(fields, texts) {
  /** @type {Record<string, import("../types").Value>} */
  const values = {};
  /** @type {Record<string, string>} */
  const problems = {};
  for (const field of fields) {
    const { value, problem } = readField(field, texts[field.name] ?? "");
    if (problem !== undefined) problems[field.name] = problem;
    else if (value !== undefined) values[field.name] = value;
  }
  return { values, problems };
}
