//! What a statement does, as far as a client must know before it runs.

use super::scan::{Kind, Token};

/// What a client does differently.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StatementKind {
    /// `SET 'key' = 'value'` or `RESET …`: changes the session.
    Setting(Setting),
    /// Gives rows: `SELECT`, `WITH`, `VALUES`, `TABLE`.
    Query,
    /// Starts a job that outlives the statement: `INSERT`, a statement set, `CREATE TABLE … AS`.
    Job,
    /// Definitions and questions, answered at once.
    Other,
}

/// A change of the session's properties.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Setting {
    Set {
        key: String,
        value: String,
    },
    Reset {
        key: String,
    },
    ResetAll,
    /// `SET` alone.
    List,
}

pub(super) fn kind(tokens: &[Token<'_>]) -> StatementKind {
    if let Some(setting) = setting(tokens) {
        return StatementKind::Setting(setting);
    }
    // `(SELECT …) UNION …`
    let words = &tokens[tokens.iter().take_while(|token| token.kind == Kind::Open).count()..];
    let Some(first) = words.first() else { return StatementKind::Other };
    let is_any = |names: &[&str]| names.iter().any(|name| first.is(name));
    if is_any(&["SELECT", "WITH", "VALUES", "TABLE"]) {
        // Flink takes no INSERT behind WITH.
        StatementKind::Query
    } else if is_any(&["INSERT", "EXECUTE", "UPDATE", "DELETE", "END"])
        || compiles_and_executes(words)
        || creates_as(words)
    {
        StatementKind::Job
    } else {
        StatementKind::Other
    }
}

fn compiles_and_executes(words: &[Token<'_>]) -> bool {
    words.len() > 2 && ["COMPILE", "AND", "EXECUTE"].iter().zip(words).all(|(name, word)| word.is(name))
}

/// `CREATE [OR REPLACE] TABLE … AS SELECT …` starts a job; a view does not.
fn creates_as(words: &[Token<'_>]) -> bool {
    let table = words.iter().take(5).any(|word| word.is("TABLE")) && words[0].is("CREATE")
        || words[0].is("REPLACE") && words.get(1).is_some_and(|word| word.is("TABLE"));
    let mut depth = 0_i32;
    table
        && words.windows(2).any(|pair| {
            depth += match pair[0].kind {
                Kind::Open => 1,
                Kind::Close => -1,
                _ => 0,
            };
            let query = ["SELECT", "WITH", "VALUES"].iter().any(|name| pair[1].is(name))
                || pair[1].kind == Kind::Open;
            depth == 0 && pair[0].is("AS") && query
        })
}

fn setting(tokens: &[Token<'_>]) -> Option<Setting> {
    let text = |token: &Token<'_>| token.text[1..token.text.len() - 1].replace("''", "'");
    match tokens {
        [set] if set.is("SET") => Some(Setting::List),
        [set, key, equals, value]
            if set.is("SET") && key.kind == Kind::Text && equals.text == "=" && value.kind == Kind::Text =>
        {
            Some(Setting::Set { key: text(key), value: text(value) })
        }
        [reset] if reset.is("RESET") => Some(Setting::ResetAll),
        [reset, key] if reset.is("RESET") && key.kind == Kind::Text => {
            Some(Setting::Reset { key: text(key) })
        }
        _ => None,
    }
}
