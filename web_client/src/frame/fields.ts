/** The values of the named form fields below `root`: numbers as numbers, an unanswered one as null. */
export function fieldValues(root: ParentNode): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const field of root.querySelectorAll<HTMLInputElement>("input[name], select[name], textarea[name]")) {
    const { name, type, value } = field;
    if (type === "radio") {
      if (field.checked) values[name] = value;
      else values[name] ??= null;
    } else if (type === "checkbox") values[name] = field.checked;
    else if (type === "number" || type === "range") values[name] = value === "" ? null : Number(value);
    else values[name] = value;
  }
  return values;
}
