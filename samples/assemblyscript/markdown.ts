// Turns a text with the marks of Markdown into HTML: headings, paragraphs, lists, quotes, code, rules, `*emphasis*`, `**more of it**`, links. Strings, classes,
// maps and the collector of garbage are those of the language; what links are named for is listed at the end.
import { readInput, writeOutput } from "../sdk/longrun";

const PIECE = 4096;

function input(): string {
  const all = new Array<u8>();
  const piece = new Uint8Array(PIECE);
  for (;;) {
    const length = <i32>readInput(piece.dataStart, PIECE);
    if (length == 0) break;
    for (let i = 0; i < length; i++) all.push(piece[i]);
  }
  return String.UTF8.decodeUnsafe(all.dataStart, all.length);
}

function output(text: string): void {
  const bytes = String.UTF8.encode(text);
  writeOutput(changetype<usize>(bytes), bytes.byteLength);
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}

class Link {
  uses: i32 = 1;
  constructor(public name: string, public target: string) {}
}

class Page {
  private parts: Array<string> = new Array<string>();
  private open: string = "";
  private links: Map<string, Link> = new Map<string, Link>();

  // The marks inside a line. What is never closed stays as it is.
  private inner(line: string): string {
    let result = "";
    let at = 0;
    while (at < line.length) {
      if (line.startsWith("`", at)) {
        const end = line.indexOf("`", at + 1);
        if (end > 0) {
          result += `<code>${escaped(line.slice(at + 1, end))}</code>`;
          at = end + 1;
          continue;
        }
      }
      const mark = line.startsWith("**", at) ? "**" : line.startsWith("*", at) ? "*" : "";
      const closing = mark.length > 0 ? line.indexOf(mark, at + mark.length) : -1;
      if (closing > at + mark.length) {
        const tag = mark.length == 2 ? "strong" : "em";
        result += `<${tag}>${this.inner(line.slice(at + mark.length, closing))}</${tag}>`;
        at = closing + mark.length;
        continue;
      }
      const middle = line.startsWith("[", at) ? line.indexOf("](", at) : -1;
      const last = middle > 0 ? line.indexOf(")", middle) : -1;
      if (last > 0) {
        const name = line.slice(at + 1, middle);
        const target = line.slice(middle + 2, last);
        if (this.links.has(target)) this.links.get(target).uses++;
        else this.links.set(target, new Link(name, target));
        result += `<a href="${escaped(target)}">${escaped(name)}</a>`;
        at = last + 1;
        continue;
      }
      result += escaped(line.charAt(at));
      at++;
    }
    return result;
  }

  // From here on what follows is inside `tag`; the same one goes on.
  private inside(tag: string): void {
    if (this.open == tag) return;
    if (this.open.length > 0) this.parts.push(`</${this.open}>`);
    if (tag.length > 0) this.parts.push(`<${tag}>`);
    this.open = tag;
  }

  line(text: string): void {
    if (text.startsWith("```")) {
      this.inside(this.open == "pre" ? "" : "pre");
    } else if (this.open == "pre") {
      this.parts.push(escaped(text));
    } else if (text.trim().length == 0) {
      this.inside("");
    } else if (text.startsWith("#")) {
      let level = 1;
      while (level < 6 && text.startsWith("#", level)) level++;
      this.inside("");
      this.parts.push(`<h${level}>${this.inner(text.slice(level).trim())}</h${level}>`);
    } else if (text.startsWith("- ")) {
      this.inside("ul");
      this.parts.push(`<li>${this.inner(text.slice(2))}</li>`);
    } else if (text.startsWith("> ")) {
      this.inside("blockquote");
      this.parts.push(this.inner(text.slice(2)));
    } else if (text == "---") {
      this.inside("");
      this.parts.push("<hr>");
    } else {
      this.inside("p");
      this.parts.push(this.inner(text));
    }
  }

  finished(): string {
    this.inside("");
    const links = this.links.values();
    if (links.length > 0) {
      links.sort((one, other) => other.uses - one.uses);
      this.parts.push("<ol>");
      for (let i = 0; i < links.length; i++) {
        this.parts.push(`<li>${escaped(links[i].target)}, ${links[i].uses.toString()} times, first as ${escaped(links[i].name)}</li>`);
      }
      this.parts.push("</ol>");
    }
    return this.parts.join("\n") + "\n";
  }
}

export function main(): i32 {
  const text = input();
  if (text.length == 0) return 1;
  const page = new Page();
  const lines = text.split("\n");
  for (let i = 0; i < lines.length; i++) page.line(lines[i]);
  output(page.finished());
  return 0;
}
