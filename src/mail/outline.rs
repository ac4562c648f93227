//! A letter as a list of what it consists of, and how that is written as text and as HTML.

use askama::Template;

use super::Colours;

/// Lines of the text part are at most this long, in characters.
const WIDTH: usize = 78;

/// A letter before it becomes text and HTML. What strangers wrote is harmless already; it is escaped where it becomes HTML.
pub struct Outline {
    /// As in RFC 5646.
    pub language: &'static str,
    pub subject: String,
    /// The heading of the HTML part; the text part has the subject.
    pub title: String,
    pub blocks: Vec<Block>,
    pub foot: String,
    /// Where the site's pages are: what begins with it is a link.
    pub home: String,
}

/// One part of it.
pub enum Block {
    /// A paragraph.
    Says(String),
    List {
        lead: String,
        lines: Vec<String>,
        /// That there are more.
        more: Option<String>,
    },
    /// Names and values.
    Facts(Vec<(String, String)>),
    /// Somebody else's words.
    Quote { lead: String, lines: Vec<String> },
    /// What is to be typed.
    Code(String),
    /// Lines that a reply may consist of, each with a note; in the text part.
    Examples {
        lead: String,
        lines: Vec<(String, String)>,
    },
    /// Mails to send, each with its label; in the HTML part.
    Buttons {
        lead: String,
        buttons: Vec<(String, String)>,
    },
    /// A page to open.
    Open {
        lead: String,
        label: String,
        url: String,
    },
}

/// A piece of a sentence in HTML.
struct Piece<'a> {
    text: &'a str,
    link: bool,
}

#[derive(Template)]
#[template(path = "letters/letter.html")]
struct Html<'a> {
    letter: &'a Outline,
    colours: &'a Colours,
}

impl Html<'_> {
    /// Words of a sentence, those apart that are addresses of the site's own pages.
    fn pieces<'a>(&self, text: &'a str) -> Vec<Piece<'a>> {
        let links =
            |word: &str| !self.letter.home.is_empty() && word.starts_with(&self.letter.home);
        let piece = |text: &'a str| {
            let bare = text.trim_end_matches(['.', ',']);
            let link = links(bare);
            let (text, rest) = if link {
                text.split_at(bare.len())
            } else {
                (text, "")
            };
            [
                Piece { text, link },
                Piece {
                    text: rest,
                    link: false,
                },
            ]
        };
        text.split_inclusive(' ')
            .flat_map(|word| {
                let bare = word.trim_end();
                let [first, second] = piece(bare);
                let space = Piece {
                    text: word.get(bare.len()..).unwrap_or_default(),
                    link: false,
                };
                [first, second, space]
            })
            .filter(|piece| !piece.text.is_empty())
            .collect()
    }
}

impl Outline {
    pub fn html(&self, colours: &Colours) -> Result<String, askama::Error> {
        Ok(tidy(
            &Html {
                letter: self,
                colours,
            }
            .render()?,
        ))
    }

    pub fn text(&self) -> String {
        let mut out = String::new();
        for block in &self.blocks {
            block.text(&mut out);
        }
        // The space makes it the mark that what follows is not the letter (RFC 3676 §4.3).
        out.push_str("-- \n");
        wrapped(&mut out, "", "", &self.foot);
        out
    }
}

impl Block {
    fn text(&self, out: &mut String) {
        match self {
            Self::Says(text) => wrapped(out, "", "", text),
            Self::List { lead, lines, more } => {
                wrapped(out, "", "", lead);
                for line in lines {
                    wrapped(out, "  - ", "    ", line);
                }
                if let Some(more) = more {
                    wrapped(out, "  ", "  ", more);
                }
            }
            Self::Facts(facts) => {
                for (name, value) in facts {
                    wrapped(out, "", "  ", &format!("{name}: {value}"));
                }
            }
            Self::Quote { lead, lines } => {
                wrapped(out, "", "", lead);
                for line in lines {
                    wrapped(out, "> ", "> ", line);
                }
            }
            Self::Code(code) => {
                out.push_str("  ");
                out.push_str(code);
                out.push('\n');
            }
            Self::Examples { lead, lines } => {
                wrapped(out, "", "", lead);
                out.push('\n');
                for (line, note) in lines {
                    out.push_str("  ");
                    out.push_str(line);
                    if !note.is_empty() {
                        out.push_str("     ");
                        out.push_str(note);
                    }
                    out.push('\n');
                }
            }
            Self::Buttons { .. } => return,
            Self::Open { lead, url, .. } => {
                wrapped(out, "", "", lead);
                out.push('\n');
                out.push_str("  ");
                out.push_str(url);
                out.push('\n');
            }
        }
        out.push('\n');
    }
}

/// Breaks a text into lines between words; a word that is longer than a line, such as a link, stays whole.
fn wrapped(out: &mut String, first: &str, next: &str, text: &str) {
    let mut used = first.chars().count();
    out.push_str(first);
    let mut begun = false;
    for word in text.split(' ') {
        let length = word.chars().count();
        if begun && used + 1 + length > WIDTH {
            out.push('\n');
            out.push_str(next);
            used = next.chars().count();
        } else if begun {
            out.push(' ');
            used += 1;
        }
        out.push_str(word);
        used += length;
        begun = true;
    }
    out.push('\n');
}

/// Lines without trailing spaces, and no empty ones, so that the template can be written for those who read it.
fn tidy(html: &str) -> String {
    let mut tidy = String::with_capacity(html.len());
    for line in html
        .lines()
        .map(str::trim_end)
        .filter(|line| !line.is_empty())
    {
        tidy.push_str(line);
        tidy.push('\n');
    }
    tidy
}
