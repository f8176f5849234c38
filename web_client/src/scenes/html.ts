/**
 * HTML of a study. Without scripts it is inserted as it is, except for inline handlers and what would leave the page;
 * with scripts it gets a frame of its own.
 */
const REMOVED = "base, meta, object, embed, applet, noscript";
const URL_ATTRIBUTES = new Set(["href", "src", "action", "formaction", "xlink:href", "srcdoc", "data"]);

export function hasScripts(html: string): boolean {
  if (!/<script/i.test(html)) return false;
  return new DOMParser().parseFromString(html, "text/html").querySelector("script") !== null;
}

/** The HTML as nodes, safe to insert. */
export function inertNodes(html: string): DocumentFragment {
  const parsed = new DOMParser().parseFromString(html, "text/html");
  parsed.querySelectorAll(`script, ${REMOVED}`).forEach((node) => node.remove());
  for (const node of parsed.querySelectorAll("*")) {
    for (const { name, value } of [...node.attributes]) {
      const lower = name.toLowerCase();
      if (lower.startsWith("on") || lower === "srcdoc") node.removeAttribute(name);
      else if (URL_ATTRIBUTES.has(lower) && /^javascript:/i.test(value.replace(/[\u0000-\u0020]/g, ""))) node.removeAttribute(name);
    }
    // A link must not take the participant out of the study.
    if (node instanceof HTMLAnchorElement && node.hasAttribute("href") && !node.getAttribute("href")?.startsWith("#")) {
      node.target = "_blank";
      node.rel = "noopener noreferrer";
    }
  }
  const fragment = document.createDocumentFragment();
  // Styles that a whole document carries in its head belong to its body here.
  fragment.append(...parsed.head.querySelectorAll("style, link[rel=stylesheet]"), ...parsed.body.childNodes);
  return fragment;
}
