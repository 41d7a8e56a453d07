//! `sasl.jaas.config`: user and password out of a line of Java's login configuration.

use crate::KafkaError;

/// Reads `….PlainLoginModule required username="…" password="…";` (or `ScramLoginModule`).
pub(crate) fn parse(text: &str) -> Result<(String, String), KafkaError> {
    let module = text.split_ascii_whitespace().next().unwrap_or_default();
    let class = module.rsplit('.').next().unwrap_or_default();
    if class != "PlainLoginModule" && class != "ScramLoginModule" {
        return Err(problem(&format!(
            "names the module '{class}'; PlainLoginModule and ScramLoginModule are understood"
        )));
    }
    match (value(text, "username"), value(text, "password")) {
        (Some(username), Some(password)) => Ok((username, password)),
        (None, _) => Err(problem("holds no username=\"…\"")),
        (_, None) => Err(problem("holds no password=\"…\"")),
    }
}

// Never shows the text: it holds the password.
fn problem(what: &str) -> KafkaError {
    KafkaError::Option(format!("property 'sasl.jaas.config' {what}"))
}

/// The value of `key="…"` with `\"` and `\\` undone; single quotes and bare words serve too.
fn value(text: &str, key: &str) -> Option<String> {
    let mut rest = text;
    loop {
        let at = rest.find(key)?;
        let whole_word = rest[..at].ends_with(|c: char| c.is_whitespace());
        rest = &rest[at + key.len()..];
        let Some(after) = rest.trim_start().strip_prefix('=') else { continue };
        if whole_word {
            return Some(unquote(after.trim_start()));
        }
    }
}

fn unquote(text: &str) -> String {
    let mut chars = text.chars();
    let quote = match chars.next() {
        Some(quote @ ('"' | '\'')) => quote,
        _ => return text.split([' ', '\t', '\n', ';']).next().unwrap_or_default().to_owned(),
    };
    let mut out = String::new();
    while let Some(c) = chars.next() {
        match c {
            '\\' => out.extend(chars.next()),
            c if c == quote => break,
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_and_scram() {
        let cases = [
            (
                r#"org.apache.kafka.common.security.plain.PlainLoginModule required username="ada" password="p w";"#,
                "p w",
            ),
            (
                r#"org.apache.kafka.common.security.scram.ScramLoginModule required username='ada' password='a"b;';"#,
                "a\"b;",
            ),
            (r#"x.ScramLoginModule required password = "a\"b\\c" username = ada;"#, r#"a"b\c"#),
        ];
        for (text, password) in cases {
            assert_eq!(parse(text).unwrap(), ("ada".to_owned(), password.to_owned()), "{text}");
        }
    }

    #[test]
    fn errors_never_show_the_password() {
        for text in [
            r#"com.sun.security.auth.module.Krb5LoginModule required keyTab="hunter2";"#,
            r#"x.PlainLoginModule required password="hunter2";"#,
            r#"x.PlainLoginModule required username="hunter2";"#,
            "",
        ] {
            let error = parse(text).unwrap_err().to_string();
            assert!(
                error.starts_with("property 'sasl.jaas.config' ") && !error.contains("hunter2"),
                "{error}"
            );
        }
    }
}
