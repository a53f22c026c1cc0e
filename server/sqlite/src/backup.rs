//! stub
/// stub
#[derive(Debug)]
pub struct BackupError;
/// stub
pub fn backup() {}
/// stub
pub fn restore() {}
