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
