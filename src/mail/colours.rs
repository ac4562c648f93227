//! The colours of links and buttons in letters.

use std::fmt;
use std::str::FromStr;

/// A colour, in the web's red, green and blue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Colour([u8; 3]);

/// Not a colour.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is no colour; write it like #0b5cad")]
pub struct NoColour(String);

impl FromStr for Colour {
    type Err = NoColour;
    fn from_str(text: &str) -> Result<Self, NoColour> {
        let wrong = || NoColour(text.to_owned());
        let digits = text.strip_prefix('#').ok_or_else(wrong)?;
        if digits.len() != 6 || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(wrong());
        }
        let number = u32::from_str_radix(digits, 16).map_err(|_| wrong())?;
        let [_, red, green, blue] = number.to_be_bytes();
        Ok(Self([red, green, blue]))
    }
}

impl fmt::Display for Colour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [red, green, blue] = self.0;
        write!(f, "#{red:02x}{green:02x}{blue:02x}")
    }
}

impl Colour {
    /// The colour of text on it: nearly black or white, whichever is easier to read. The weights are those of luma (ITU-R BT.601).
    pub fn text(self) -> &'static str {
        let [red, green, blue] = self.0.map(u32::from);
        let luma = (299 * red + 587 * green + 114 * blue) / 1_000;
        if luma > 140 { "#0d1115" } else { "#ffffff" }
    }
}

/// On light ground and on dark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Colours {
    /// Where the mail program shows letters on white.
    pub light: Colour,
    /// Where it shows them on black.
    pub dark: Colour,
}

impl Default for Colours {
    fn default() -> Self {
        Self {
            light: Colour([0x0b, 0x5c, 0xad]),
            dark: Colour([0x7d, 0xb7, 0xf0]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_six_digits_and_text_on_them_can_be_read() {
        for (text, on_it) in [
            ("#0b5cad", "#ffffff"),
            ("#7db7f0", "#0d1115"),
            ("#ffffff", "#0d1115"),
        ] {
            let colour: Colour = text.parse().unwrap();
            assert_eq!((colour.to_string().as_str(), colour.text()), (text, on_it));
        }
        for wrong in [
            "", "0b5cad", "#0b5ca", "#0b5cadd", "#0b5c+d", "blue", "#é0b5c",
        ] {
            assert!(wrong.parse::<Colour>().is_err(), "{wrong}");
        }
    }
}
