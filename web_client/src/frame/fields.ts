/** The values of the named form fields below `root`: exactly as given; a choice not made is null. */
export function fieldValues(root: ParentNode): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const field of root.querySelectorAll<HTMLInputElement>("input[name], select[name], textarea[name]")) {
    const { name, type, value } = field;
    if (type === "radio") {
      if (field.checked) values[name] = value;
      else values[name] ??= null;
    } else if (type === "checkbox") values[name] = field.checked;
    else values[name] = value;
  }
  return values;
}

/** Put values of `fieldValues` back. Files cannot be put back, and hidden fields are the study's own. */
export function restoreFields(root: ParentNode, values: Readonly<Record<string, unknown>>): void {
  for (const field of root.querySelectorAll<HTMLInputElement>("input[name], select[name], textarea[name]")) {
    const { name, type } = field;
    const value = Object.hasOwn(values, name) ? values[name] : undefined;
    if (type === "checkbox") field.checked = typeof value === "boolean" ? value : field.checked;
    else if (type === "radio") field.checked = value === undefined ? field.checked : field.value === value;
    else if (typeof value === "string" && type !== "file" && type !== "hidden") field.value = value;
  }
}
