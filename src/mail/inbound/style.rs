//! Which styles hide what they are on, or might.

/// Sizes that may be left to the reader.
const KEYWORDS: &[&str] = &[
    "auto",
    "inherit",
    "initial",
    "normal",
    "unset",
    "medium",
    "large",
    "larger",
    "x-large",
    "xx-large",
    "small",
    "smaller",
    "x-small",
    "fit-content",
    "min-content",
    "max-content",
    "none",
];

/// Whether a `style`, or a style sheet, holds anything that hides an element, or moves it away.
pub fn hides(style: &str) -> bool {
    let folded: String = style
        .chars()
        .filter(|c| !c.is_whitespace())
        .flat_map(char::to_lowercase)
        .collect();
    // A comment or an escape within a word would hide the word from us; what is imported is not seen here.
    let uncertain = ["/*", "\\", "@import", "url(", "var("];
    uncertain.iter().any(|odd| folded.contains(odd))
        || folded
            .split([';', '{', '}'])
            .filter_map(|declaration| declaration.split_once(':'))
            .any(|(property, value)| hiding(property, value.trim_end_matches("!important")))
}

fn hiding(property: &str, value: &str) -> bool {
    match property {
        "display" => value == "none",
        "visibility" => value != "visible" && value != "inherit",
        "position" => matches!(value, "absolute" | "fixed" | "sticky"),
        "overflow" | "overflow-x" | "overflow-y" => value != "visible" && value != "auto",
        "opacity" => tiny(value, 0.5),
        "font-size" => tiny(value, 0.5),
        "line-height" => tiny(value, 0.5),
        "height" | "width" | "max-height" | "max-width" => tiny(value, 0.5),
        "text-indent" | "left" | "top" | "right" | "bottom" | "margin" | "margin-left"
        | "margin-top" | "margin-right" | "margin-bottom" => value.contains('-'),
        "color" => faint(value),
        "float" => value == "right",
        "mso-hide"
        | "clip"
        | "clip-path"
        | "transform"
        | "scale"
        | "zoom"
        | "filter"
        | "content"
        | "content-visibility"
        | "direction"
        | "unicode-bidi"
        | "-webkit-text-security"
        | "-webkit-text-fill-color"
        | "mask"
        | "mask-image"
        | "order"
        | "all"
        | "font"
        | "translate" => true,
        _ => false,
    }
}

/// Whether a size is next to nothing, or cannot be told. `0.5` is for sizes that are relative to others; of points and the like it takes four.
fn tiny(value: &str, least: f32) -> bool {
    let end = value.find(|c: char| !matches!(c, '0'..='9' | '.' | '-' | '+'));
    let (number, unit) = value
        .split_at_checked(end.unwrap_or(value.len()))
        .unwrap_or_default();
    let Ok(number) = number.parse::<f32>() else {
        return !KEYWORDS.contains(&value);
    };
    match unit {
        "" | "em" | "rem" | "ex" | "ch" | "in" | "cm" => number < least,
        "px" | "pt" | "mm" => number < least * 8.0,
        "%" | "vw" | "vh" => number < least * 100.0,
        _ => true,
    }
}

/// Whether a colour is not seen on white. Nobody writes so; what is dark on dark is not looked for.
pub fn faint(colour: &str) -> bool {
    let colour = colour.trim().to_lowercase();
    let hex = colour.strip_prefix('#');
    // With a fourth value, how little of it is seen.
    let transparent = hex.is_some_and(|digits| matches!(digits.len(), 4 | 8));
    let pale = hex.is_some_and(|digits| digits.bytes().all(|b| matches!(b, b'e' | b'f')));
    let see_through = colour.strip_suffix(')').is_some_and(|inside| {
        let mut values = inside.split([',', '/']);
        let alpha = values.nth(3);
        alpha.is_some_and(|alpha| tiny(alpha, 0.5))
    });
    transparent
        || pale
        || see_through
        || matches!(colour.as_str(), "transparent" | "white" | "snow" | "ivory")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_mail_programs_write_hides_nothing() {
        for style in [
            "",
            "color:black",
            "color:rgb(0, 0, 0); background-color: transparent",
            "color: rgba(0,0,0,.87)",
            "font-size:0.9em;line-height:0.95",
            "font-size: 11.0pt; font-family:\"Calibri\",sans-serif; border:none; border-width:0",
            "margin:0cm;margin-bottom:.0001pt",
            "p.MsoNormal, li { margin:0cm; } a:link {color:#0563C1; text-decoration:underline}",
            "@page WordSection1 {size:612.0pt 792.0pt; margin:70.85pt 70.85pt 2.0cm 70.85pt;}",
            "width:100%!important; max-width: 600px; height: auto",
            "background-clip:border-box; padding:0 0 0 0",
        ] {
            assert!(!hides(style), "{style}");
        }
    }

    #[test]
    fn what_could_hide_does() {
        for style in [
            "display:none",
            "DISPLAY : None ! important",
            ".x{display:none}",
            "@media screen{.x{display:none}}",
            "dis/**/play:none",
            "disp\\6c ay:none",
            "visibility:hidden",
            "opacity:0",
            "opacity:.1",
            "font-size:0",
            "font-size:1px",
            "font-size:0.1em",
            "font-size:calc(1px - 1px)",
            "height:0;overflow:hidden",
            "max-height:0px",
            "width:1%",
            "text-indent:-9999px",
            "margin:0 0 0 -9999px",
            "position:absolute",
            "color:transparent",
            "color:#FFFFFF",
            "color:#0000",
            "color:rgba(0,0,0,0)",
            "color:rgb(0 0 0 / 0%, 0, 0, 0)",
            "color:white",
            "mso-hide:all",
            "transform:scale(0)",
            "color:var(--x)",
            "background:url(x)",
            "@import 'x'",
        ] {
            assert!(hides(style), "{style}");
        }
    }
}
