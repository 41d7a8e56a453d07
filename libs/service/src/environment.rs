//! Where a program runs: what is forgiven in development is an error elsewhere.

use std::{fmt, str::FromStr};

use serde::{Serialize, Serializer};

/// The environment named by `--env`. It picks the overlay `config/<env>.yaml`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Environment {
    /// A service that is not configured is given by dev services.
    #[default]
    Development,
    /// A missing section is a configuration error.
    Production,
    /// Any other name, such as `staging`; as strict as production.
    Other(String),
}

impl Environment {
    /// Whether missing sections mean dev services.
    pub fn is_development(&self) -> bool {
        *self == Self::Development
    }

    /// The name, which is also that of the overlay file.
    pub fn name(&self) -> &str {
        match self {
            Self::Development => "development",
            Self::Production => "production",
            Self::Other(name) => name,
        }
    }
}

impl fmt::Display for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for Environment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl FromStr for Environment {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "development" => Ok(Self::Development),
            "production" => Ok(Self::Production),
            // The base file is no environment; and a name becomes a file name, so it must not be a path.
            "cluster" => Err("`cluster` is the base configuration, not an environment".to_owned()),
            _ if !name.is_empty()
                && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_') =>
            {
                Ok(Self::Other(name.to_owned()))
            }
            _ => Err("an environment is named by letters, digits, `-` and `_`".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        assert!("development".parse::<Environment>().unwrap().is_development());
        assert!(!"production".parse::<Environment>().unwrap().is_development());
        assert_eq!("staging-2".parse::<Environment>().unwrap().to_string(), "staging-2");
        for bad in ["", "../secrets", "a b", "cluster"] {
            assert!(bad.parse::<Environment>().is_err(), "{bad}");
        }
    }
}
