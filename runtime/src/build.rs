//! What every generated `Build` has: conversions and the ways to write a build number.

use core::fmt;

/// The build in `26100`, `26100.6584` or `10.0.26100.6584`: the ways in which people and tools write a Windows version.
/// The revision after it is checked and dropped.
#[doc(hidden)]
pub fn parse_build(text: &str) -> Result<u32, ParseBuildError> {
    let number = |part: &str| {
        // `parse` would accept a sign, which no version has.
        let digits = part.bytes().all(|byte| byte.is_ascii_digit());
        part.parse::<u32>().ok().filter(|_| digits).ok_or(ParseBuildError(()))
    };
    let mut parts = text.split('.');
    let mut next = || parts.next().map(number).transpose();
    match [next()?, next()?, next()?, next()?, next()?] {
        [Some(build), None, ..] => Ok(build),
        [Some(build), Some(_revision), None, ..] => Ok(build),
        [Some(_major), Some(_minor), Some(build), _, None] => Ok(build),
        _ => Err(ParseBuildError(())),
    }
}

/// The text is not a Windows build.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ParseBuildError(());

impl fmt::Display for ParseBuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a Windows build: expected a number such as 26100, 26100.6584 or 10.0.26100.6584")
    }
}

impl core::error::Error for ParseBuildError {}

/// Implements the traits of a newtype over a build's number.
#[doc(hidden)]
#[macro_export]
macro_rules! build_traits {
    ($build:ident) => {
        impl ::core::convert::From<u32> for $build {
            fn from(number: u32) -> Self {
                Self(number)
            }
        }

        impl ::core::convert::From<$build> for u32 {
            fn from(build: $build) -> Self {
                build.0
            }
        }

        impl ::core::fmt::Display for $build {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                ::core::fmt::Display::fmt(&self.0, f)
            }
        }

        /// Reads `26100`, `26100.6584` or `10.0.26100.6584`; a revision is dropped.
        impl ::core::str::FromStr for $build {
            type Err = $crate::ParseBuildError;

            fn from_str(text: &str) -> ::core::result::Result<Self, $crate::ParseBuildError> {
                $crate::glue::parse_build(text).map(Self)
            }
        }

        $crate::serialize_number!($build);
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_build_is_read_in_every_form_that_tools_print() {
        for text in ["26100", "26100.6584", "10.0.26100", "10.0.26100.6584"] {
            assert_eq!(parse_build(text), Ok(26100), "{text}");
        }
    }

    #[test]
    fn other_texts_are_refused() {
        for text in
            ["", ".", "26100.", ".26100", "10.0.26100.6584.1", "+26100", "26100 ", "v26100", "4294967296", "10..0"]
        {
            assert!(parse_build(text).is_err(), "{text}");
        }
    }
}
