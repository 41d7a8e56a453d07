//! Names nobody else has.

/// 64 random bits as 16 hex digits: a writer's identity.
#[allow(clippy::disallowed_methods, reason = "the one door to entropy")]
pub fn writer_id() -> String {
    format!("{:016x}", rand::random::<u64>())
}
