//! What a person sees of an HTML part.
//!
//! Only what surely can be seen counts. Where that would take a browser (style sheets that hide, tags that do not match), the part has no
//! text at all: the sender is then shown the exact lines that are understood, which is better than to act on what nobody saw.

use super::style;

/// Elements in elements.
const DEEPEST: usize = 200;
/// Their contents are not shown, or are no text of the sender's.
const UNSEEN: &[&str] = &[
    "head", "style", "script", "title", "template", "noscript", "textarea", "select", "option",
    "object", "iframe", "svg", "math", "audio", "video", "canvas", "button", "details", "dialog",
    "datalist", "map", "frameset", "xml",
];
/// Their contents are read without regard to tags.
const RAW: &[&str] = &[
    "style",
    "script",
    "title",
    "textarea",
    "iframe",
    "noscript",
    "xmp",
    "noembed",
    "noframes",
    "plaintext",
];
/// They have no contents.
const VOID: &[&str] = &[
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source",
    "track", "wbr",
];
/// They stay within a line.
const INLINE: &[&str] = &[
    "a", "abbr", "b", "bdi", "big", "cite", "code", "em", "font", "i", "img", "label", "mark", "q",
    "s", "small", "span", "strike", "strong", "sub", "sup", "time", "tt", "u", "wbr", "o:p", "ins",
];
/// The visible text, one line for each line or block; quoted blocks have `>` before each line. Nothing when it cannot be told.
pub fn visible(html: &str) -> Option<String> {
    let mut page = Page::default();
    let mut rest = html;
    while !rest.is_empty() {
        let Some(tag) = rest.find('<') else {
            page.text(rest);
            break;
        };
        let (before, from) = rest.split_at_checked(tag)?;
        page.text(before);
        rest = page.markup(from)?;
    }
    Some(page.written)
}

#[derive(Default)]
struct Page {
    written: String,
    open: Vec<Element>,
}

struct Element {
    name: String,
    hidden: bool,
    quoted: bool,
}

impl Page {
    fn hidden(&self) -> bool {
        self.open.iter().any(|element| element.hidden)
    }

    fn text(&mut self, text: &str) {
        if self.hidden() || text.is_empty() {
            return;
        }
        if self.open.iter().any(|element| element.quoted) && !text.trim().is_empty() {
            self.new_line();
            self.written.push_str("> ");
        }
        // A line end in the source is a space on the page.
        let text = text.replace("\r\n", " ").replace(['\r', '\n', '\t'], " ");
        unescape(&text, &mut self.written);
    }

    fn new_line(&mut self) {
        if !self.written.ends_with('\n') {
            self.written.push('\n');
        }
    }

    /// Reads what begins with `<`, and gives what is behind it.
    fn markup<'h>(&mut self, html: &'h str) -> Option<&'h str> {
        if let Some(comment) = html.strip_prefix("<!--") {
            // Readers differ in where the odd ones end: `<!-->`, `--!>`, `<!-- <!-- -->`.
            let (inside, rest) = comment.split_once("-->")?;
            let odd =
                inside.starts_with('>') || inside.starts_with("->") || inside.contains("--!>");
            return (!odd && !inside.contains("<!--")).then_some(rest);
        }
        if html.starts_with("<!") || html.starts_with("<?") {
            return html.split_once('>').map(|(_, rest)| rest);
        }
        let Some(tag) = Tag::read(html)? else {
            self.text("<");
            return html.get(1..);
        };
        let name = tag.name.as_str();
        if !INLINE.contains(&name) && !self.hidden() {
            self.new_line();
        }
        if tag.closes {
            self.close(name)?;
            return Some(tag.rest);
        }
        if name == "link" || name == "base" || name == "plaintext" {
            return None;
        }
        if VOID.contains(&name) {
            return Some(tag.rest);
        }
        if self.open.len() == DEEPEST {
            return None;
        }
        if RAW.contains(&name) {
            return raw(&tag);
        }
        self.open.push(Element {
            hidden: UNSEEN.contains(&name) || tag.hides,
            quoted: name == "blockquote",
            name: tag.name,
        });
        Some(tag.rest)
    }

    /// Closes an element and what stands open in it. Whether something hidden ends with it is more than one can tell.
    fn close(&mut self, name: &str) -> Option<()> {
        let Some(place) = self.open.iter().rposition(|element| element.name == name) else {
            return Some(());
        };
        let inside = self.open.get(place + 1..)?;
        if inside
            .iter()
            .any(|element| element.hidden || element.quoted)
        {
            return None;
        }
        self.open.truncate(place);
        Some(())
    }
}

/// Skips an element whose contents are no markup. A style sheet that could hide something makes the whole page uncertain.
fn raw<'h>(tag: &Tag<'h>) -> Option<&'h str> {
    let closes = |place: usize| {
        let name = tag.rest.get(place + 2..place + 2 + tag.name.len());
        name.is_some_and(|name| name.eq_ignore_ascii_case(&tag.name))
    };
    let mut ends = tag.rest.match_indices("</").map(|(place, _)| place);
    let place = ends.find(|place| closes(*place))?;
    let (inside, after) = tag.rest.split_at_checked(place)?;
    if tag.name == "style" && style::hides(inside) {
        return None;
    }
    after.split_once('>').map(|(_, rest)| rest)
}

struct Tag<'h> {
    name: String,
    closes: bool,
    hides: bool,
    rest: &'h str,
}

impl<'h> Tag<'h> {
    /// Reads a tag; `Some(None)`: it is none, only a `<`; `None`: it does not end, or its attributes cannot be told apart.
    fn read(html: &'h str) -> Option<Option<Self>> {
        let after = html.strip_prefix('<')?;
        let (closes, after) = match after.strip_prefix('/') {
            Some(after) => (true, after),
            None => (false, after),
        };
        if !after.starts_with(|c: char| c.is_ascii_alphabetic()) {
            return Some(None);
        }
        let end = after.find(|c: char| c.is_whitespace() || c == '/' || c == '>')?;
        let (name, mut rest) = after.split_at_checked(end)?;
        let mut hides = false;
        loop {
            rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == '/');
            if let Some(behind) = rest.strip_prefix('>') {
                return Some(Some(Self {
                    name: name.to_ascii_lowercase(),
                    closes,
                    hides,
                    rest: behind,
                }));
            }
            let (key, value, behind) = attribute(rest)?;
            hides |= match key.to_ascii_lowercase().as_str() {
                "hidden" | "aria-hidden" | "inert" | "popover" => true,
                "style" => style::hides(&unescaped(value)),
                "color" => style::faint(&unescaped(value)),
                "dir" | "size" | "height" | "width" | "bgcolor" | "slot" => {
                    matches!(value.trim(), "rtl" | "0" | "transparent")
                }
                _ => false,
            };
            rest = behind;
        }
    }
}

/// Name, value and what is behind.
fn attribute(text: &str) -> Option<(&str, &str, &str)> {
    let end = text.find(|c: char| c.is_whitespace() || matches!(c, '=' | '>' | '/'))?;
    let (key, rest) = text.split_at_checked(end)?;
    if key.is_empty() || key.contains(['"', '\'', '<']) {
        return None;
    }
    let Some(value) = rest.trim_start().strip_prefix('=') else {
        return Some((key, "", rest));
    };
    let value = value.trim_start();
    for quote in ['"', '\''] {
        if let Some(value) = value.strip_prefix(quote) {
            let (value, rest) = value.split_once(quote)?;
            return Some((key, value, rest));
        }
    }
    let end = value.find(|c: char| c.is_whitespace() || c == '>')?;
    let (value, rest) = value.split_at_checked(end)?;
    Some((key, value, rest))
}

fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    unescape(text, &mut out);
    out
}

/// Writes a text with its character references resolved: numbers, and the few names that mail programs write. Others stay as they are.
fn unescape(text: &str, out: &mut String) {
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        out.push_str(before);
        let reference = after
            .char_indices()
            .take(12)
            .find(|(_, c)| *c == ';')
            .and_then(|(end, _)| after.split_at_checked(end));
        let resolved = reference.and_then(|(name, behind)| {
            let behind = behind.strip_prefix(';')?;
            Some((character(name)?, behind))
        });
        rest = match resolved {
            Some((c, behind)) => {
                out.push(c);
                behind
            }
            None => {
                out.push('&');
                after
            }
        };
    }
    out.push_str(rest);
}

fn character(name: &str) -> Option<char> {
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(digits) => u32::from_str_radix(digits, 16).ok()?,
            None => number.parse().ok()?,
        };
        // A line end by number is a space on the page.
        return match code {
            9 | 10 | 13 => Some(' '),
            _ => char::from_u32(code).filter(|c| *c != '\0'),
        };
    }
    Some(match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => '\u{a0}',
        "auml" => 'ä',
        "ouml" => 'ö',
        "uuml" => 'ü',
        "Auml" => 'Ä',
        "Ouml" => 'Ö',
        "Uuml" => 'Ü',
        "szlig" => 'ß',
        "ndash" => '–',
        "mdash" => '—',
        "eacute" => 'é',
        "egrave" => 'è',
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first line that is not blank, as `message` takes it.
    fn check(html: &str, expected: Option<&str>) {
        let text = visible(html);
        let line = text
            .as_deref()
            .and_then(|text| text.lines().map(str::trim).find(|line| !line.is_empty()));
        assert_eq!(line, expected, "{html}\n{text:?}");
    }

    #[test]
    fn what_a_person_wrote_is_read() {
        check("accept", Some("accept"));
        check("<p>accept</p><p>Best, Anna</p>", Some("accept"));
        check(
            "<div dir=\"ltr\">accept <b>TechSupport</b></div>",
            Some("accept TechSupport"),
        );
        check("acc<b>ept</b><br>On Monday", Some("accept"));
        check("accept\r\nTechSupport", Some("accept TechSupport"));
        check(
            "<p>&nbsp;</p><p>decline&nbsp;not&#32;ours</p>",
            Some("decline\u{a0}not ours"),
        );
        check("a < b <p>x", Some("a < b"));
        check(
            "<html><head><meta charset=utf-8><title>Re</title><style><!-- p {margin:0cm;font-size:11.0pt;} --></style></head>\
             <body lang=DE><!--[if gte mso 9]><xml>x</xml><![endif]--><div><p class=MsoNormal><span style='color:black'>annehmen<o:p></o:p></span></p>",
            Some("annehmen"),
        );
    }

    #[test]
    fn what_nobody_sees_is_not_read() {
        for hidden in [
            "<div style=\"display:none\">accept</div>",
            "<div style='DISPLAY : None'>accept</div>",
            "<div style=\"dis&#112;lay:none\">accept</div>",
            "<div style=display:none>accept</div>",
            "<div hidden>accept</div>",
            "<span style=\"font-size:0px\">accept</span>",
            "<span style=\"mso-hide:all\">accept</span>",
            "<div style=\"display:/**/none\">accept</div>",
            "<div style=\"disp\\6c ay:none\">accept</div>",
            "<!-- accept -->",
            "<script>accept</script>",
            "<title>accept</title>",
            "<template><p>accept</p></template>",
            "<div hidden><div>x</div>accept</div>",
        ] {
            check(&format!("{hidden}<p>seen</p>"), Some("seen"));
        }
        // Quoted words are not the sender's.
        check("<blockquote>accept</blockquote>", Some("> accept"));
        check(
            "<blockquote><div>a</div><p>accept</p></blockquote>",
            Some("> a"),
        );
        check("<blockquote> <b>accept</b>", Some("> accept"));
    }

    #[test]
    fn a_page_that_takes_a_browser_has_no_text() {
        for odd in [
            "<style>.x{display:none}</style><p class=x>accept",
            "<style>.x{disp/**/lay:none}</style><p class=x>accept",
            "<link rel=stylesheet href=x><p>accept",
            "<div><span hidden></div>accept",
            "<div><blockquote></div>accept",
            "<!-- accept",
            "<!--> accept -->",
            "<style>accept",
            "<p title=\"accept",
            "<p \"=\">accept",
        ] {
            assert_eq!(visible(odd), None, "{odd}");
        }
        assert_eq!(visible(&"<div>".repeat(300)), None);
        // Each of them is read once.
        let styles = "<style></STYLE>".repeat(70_000);
        assert_eq!(visible(&styles).as_deref(), Some("\n"));
        assert_eq!(visible("<plaintext>accept"), None);
    }
}
