//! stub
/// stub
#[derive(Debug)]
pub struct AccountReport;
/// stub
#[derive(Debug)]
pub struct TableTotal;
