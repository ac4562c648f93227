//! What each type of setting accepts, how it is shown, and what is said when it cannot be read.

use std::net::SocketAddr;
use std::path::PathBuf;

use toml::de::DeValue;

use super::amount::{Cap, Size, Span, Unreadable};
use super::host::{self, Host, Issuer, Network, PublicUrl};
use super::name::{Address, Colour, Handle, Line};
use super::reading::{Reading, Value};
use super::reply::{Door, Pattern};

/// A type that a key can have.
pub(super) trait Setting: Sized {
    /// What the reference says about it.
    fn kind() -> String;
    /// The meant value, or nothing after saying what is wrong.
    fn read(value: &Value<'_>, reading: &mut Reading<'_>) -> Option<Self>;
    /// As TOML; nothing where the key is left out.
    fn write(&self) -> Option<String>;
    /// How the least and the most of this type are shown.
    fn range(least: u64, most: u64) -> String {
        format!("{least} to {most}")
    }
}

/// The number itself if it lies between the least and the most of the key that is being read.
fn bounded<T: Setting>(
    reading: &mut Reading<'_>,
    value: &Value<'_>,
    shown: &str,
    number: Option<u64>,
) -> Option<u64> {
    let (least, most) = reading.within.unwrap_or((0, u64::MAX));
    let number = number.filter(|number| (least..=most).contains(number));
    if number.is_none() {
        let range = T::range(least, most);
        reading.refuse(
            value,
            format!("{shown} is out of range; choose from {range}"),
        );
    }
    number
}

/// Says that a value is of another type than the key's.
pub(super) fn refuse_kind<T: Setting>(value: &Value<'_>, reading: &mut Reading<'_>, example: &str) {
    let found = match value.get_ref() {
        DeValue::String(_) => "text",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a section",
    };
    reading.refuse(
        value,
        format!(
            "must be {}, not {found}; write it such as {example}",
            T::kind()
        ),
    );
}

pub(super) fn text_as_toml(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

/// A setting written as text, read by a function that says itself what is wrong.
macro_rules! word {
    ($type:ty, $kind:expr, $example:literal, $read:expr) => {
        impl Setting for $type {
            fn kind() -> String {
                $kind.into()
            }
            fn read(value: &Value<'_>, reading: &mut Reading<'_>) -> Option<Self> {
                let Some(text) = value.get_ref().as_str() else {
                    refuse_kind::<Self>(value, reading, $example);
                    return None;
                };
                let read: fn(&str) -> Result<Self, Unreadable> = $read;
                read(text)
                    .map_err(|wrong| reading.refuse(value, wrong.to_string()))
                    .ok()
            }
            fn write(&self) -> Option<String> {
                Some(text_as_toml(&self.to_string()))
            }
        }
    };
}

word!(Cap, "a size or \"none\"", "\"1TiB\"", str::parse);
word!(
    Address,
    "an email address",
    "\"anna@uni.example\"",
    str::parse
);
word!(
    Host,
    "a host name or IP address",
    "\"mail.uni.example\"",
    str::parse
);
word!(
    PublicUrl,
    "a URL",
    "\"https://handover.uni.example\"",
    str::parse
);
word!(
    Issuer,
    "an issuer's URL",
    "\"https://login.uni.example\"",
    str::parse
);
word!(
    Network,
    "an IP address or network",
    "\"10.0.0.0/8\"",
    str::parse
);
word!(Handle, "a handle", "\"tech-support\"", str::parse);
word!(
    SocketAddr,
    "an IP address and port",
    "\"127.0.0.1:8080\"",
    host::socket
);

word!(
    Pattern,
    "a pattern of addresses",
    "\"handover+%{t}@uni.example\"",
    str::parse
);

/// A socket file starts from the folder of the configuration file when its path is relative.
impl Setting for Door {
    fn kind() -> String {
        "a socket file or an IP address and port".into()
    }

    fn read(value: &Value<'_>, reading: &mut Reading<'_>) -> Option<Self> {
        let Some(text) = value.get_ref().as_str() else {
            refuse_kind::<Self>(value, reading, "\"unix:/run/handover/lmtp.sock\"");
            return None;
        };
        match text.parse() {
            Ok(Self::Socket(path)) => Some(Self::Socket(reading.base.join(path))),
            Ok(port) => Some(port),
            Err(wrong) => {
                let wrong: Unreadable = wrong;
                reading.refuse(value, wrong.to_string());
                None
            }
        }
    }

    fn write(&self) -> Option<String> {
        Some(text_as_toml(&self.to_string()))
    }
}
word!(Colour, "a colour", "\"#0b5cad\"", |text| text.parse());

/// A setting written as text whose value has a least and a most.
macro_rules! amount {
    ($type:ty, $kind:literal, $example:literal, $number:expr, $range:expr) => {
        impl Setting for $type {
            fn kind() -> String {
                $kind.into()
            }
            fn read(value: &Value<'_>, reading: &mut Reading<'_>) -> Option<Self> {
                let Some(text) = value.get_ref().as_str() else {
                    refuse_kind::<Self>(value, reading, $example);
                    return None;
                };
                match text.parse::<Self>() {
                    Ok(meant) => {
                        let number: fn(&Self) -> (u64, String) = $number;
                        let (number, shown) = number(&meant);
                        bounded::<Self>(reading, value, &shown, Some(number)).map(|_| meant)
                    }
                    Err(wrong) => {
                        reading.refuse(value, wrong.to_string());
                        None
                    }
                }
            }
            fn write(&self) -> Option<String> {
                Some(text_as_toml(&self.to_string()))
            }
            fn range(least: u64, most: u64) -> String {
                let range: fn(u64, u64) -> String = $range;
                range(least, most)
            }
        }
    };
}

amount!(
    Span,
    "a duration",
    "\"10m\"",
    |span| (span.as_ms().unsigned_abs(), format!("\"{span}\"")),
    |least, most| format!(
        "\"{}\" to \"{}\"",
        Span::from_ms(least),
        Span::from_ms(most)
    )
);
amount!(
    Size,
    "a size",
    "\"64MiB\"",
    |size| (size.as_bytes(), format!("\"{size}\"")),
    |least, most| format!(
        "\"{}\" to \"{}\"",
        Size::from_bytes(least),
        Size::from_bytes(most)
    )
);
amount!(
    Line,
    "text",
    "\"Handover\"",
    |line| {
        let characters = line.as_str().chars().count() as u64;
        (characters, format!("a text of {characters} characters"))
    },
    |least, most| format!("{least} to {most} characters")
);

macro_rules! number {
    ($($type:ty),*) => {$(
        impl Setting for $type {
            fn kind() -> String {
                "a whole number".into()
            }
            fn read(value: &Value<'_>, reading: &mut Reading<'_>) -> Option<Self> {
                let Some(digits) = value.get_ref().as_integer() else {
                    refuse_kind::<Self>(value, reading, "10");
                    return None;
                };
                let number = i128::from_str_radix(digits.as_str(), digits.radix()).ok();
                let shown = number.map_or_else(|| "the number".into(), |number| number.to_string());
                let number = number.and_then(|number| u64::try_from(number).ok());
                let number = bounded::<Self>(reading, value, &shown, number)?;
                Self::try_from(number).ok().or_else(|| {
                    reading.refuse(value, format!("{shown} is out of range; choose at most {}", Self::MAX));
                    None
                })
            }
            fn write(&self) -> Option<String> {
                Some(self.to_string())
            }
        }
    )*};
}

number!(u16, u32);

impl Setting for bool {
    fn kind() -> String {
        "true or false".into()
    }

    fn read(value: &Value<'_>, reading: &mut Reading<'_>) -> Option<Self> {
        let meant = value.get_ref().as_bool();
        if meant.is_none() {
            refuse_kind::<Self>(value, reading, "true");
        }
        meant
    }

    fn write(&self) -> Option<String> {
        Some(self.to_string())
    }
}

/// A path, made to start from the folder of the configuration file when it is relative.
impl Setting for PathBuf {
    fn kind() -> String {
        "a path".into()
    }

    fn read(value: &Value<'_>, reading: &mut Reading<'_>) -> Option<Self> {
        let Some(text) = value.get_ref().as_str() else {
            refuse_kind::<Self>(value, reading, "\"handover.redb\"");
            return None;
        };
        if text.is_empty() || text.chars().any(char::is_control) {
            reading.refuse(
                value,
                "is not a path; write one, absolute or from the folder of this file, without control characters",
            );
            return None;
        }
        Some(reading.base.join(text))
    }

    fn write(&self) -> Option<String> {
        Some(text_as_toml(&self.to_string_lossy()))
    }
}

/// A user name at another server: any text that fits on one line, spaces at the ends included.
impl Setting for String {
    fn kind() -> String {
        "text".into()
    }

    fn read(value: &Value<'_>, reading: &mut Reading<'_>) -> Option<Self> {
        let Some(text) = value.get_ref().as_str() else {
            refuse_kind::<Self>(value, reading, "\"handover\"");
            return None;
        };
        if text.is_empty() || text.len() > 255 || text.chars().any(char::is_control) {
            reading.refuse(
                value,
                "must be 1 to 255 characters without line breaks; correct it, or leave the key out",
            );
            return None;
        }
        Some(text.into())
    }

    fn write(&self) -> Option<String> {
        Some(text_as_toml(self))
    }
}

/// A key that may be left out.
impl<T: Setting> Setting for Option<T> {
    fn kind() -> String {
        T::kind()
    }

    fn read(value: &Value<'_>, reading: &mut Reading<'_>) -> Option<Self> {
        T::read(value, reading).map(Some)
    }

    fn write(&self) -> Option<String> {
        self.as_ref().and_then(T::write)
    }

    fn range(least: u64, most: u64) -> String {
        T::range(least, most)
    }
}

/// A list. Everything wrong in it is said; the elements that can be read are kept, so that the rest is checked too.
impl<T: Setting> Setting for Vec<T> {
    fn kind() -> String {
        format!("a list, each {}", T::kind())
    }

    fn read(value: &Value<'_>, reading: &mut Reading<'_>) -> Option<Self> {
        let Some(elements) = value.get_ref().as_array() else {
            refuse_kind::<Self>(value, reading, "[]");
            return None;
        };
        let mut list = Vec::new();
        for (place, element) in elements.iter().enumerate() {
            let key = format!("{}#{place}", reading.key);
            reading.found(&key, element.span().start);
            list.extend(T::read(element, reading));
        }
        Some(list)
    }

    fn write(&self) -> Option<String> {
        let elements: Vec<String> = self.iter().filter_map(T::write).collect();
        Some(format!("[{}]", elements.join(", ")))
    }
}
