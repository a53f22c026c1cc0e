//! `sottod inventory`: what the server holds, in all or about one account, field by field.

use std::fmt;

use serde::Serialize;
use sotto_sqlite::inventory::{AccountReport, Field, HeldField, Inventory, TableTotal};
use sotto_wire::ids::Handle;

use crate::{data_dir::DataDir, failure::Failure, log_key, output::Output, settings::Settings};

/// A column, and why it is there.
#[derive(Serialize)]
struct Column {
    column: &'static str,
    purpose: &'static str,
    retention: String,
    tier: String,
}

/// How much one table holds.
#[derive(Serialize)]
struct Holding {
    file: String,
    table: &'static str,
    row: &'static str,
    rows: u64,
    bytes: u64,
    fields: Vec<Column>,
}

/// One field of one row that belongs to the account.
#[derive(Serialize)]
struct Held {
    table: &'static str,
    row: u32,
    value: String,
    #[serde(flatten)]
    column: Column,
}

impl From<&Field> for Column {
    fn from(field: &Field) -> Self {
        Self {
            column: field.column,
            purpose: field.purpose,
            retention: field.retention.to_string(),
            tier: field.tier.to_string(),
        }
    }
}

impl From<&TableTotal> for Holding {
    fn from(TableTotal { table, rows, bytes }: &TableTotal) -> Self {
        Self {
            file: table.file.to_string(),
            table: table.name,
            row: table.row,
            rows: *rows,
            bytes: *bytes,
            fields: table.fields.iter().map(Column::from).collect(),
        }
    }
}

impl From<&HeldField> for Held {
    fn from(HeldField { table, row, field, value }: &HeldField) -> Self {
        Self { table: table.name, row: *row, value: value.to_string(), column: Column::from(*field) }
    }
}

impl fmt::Display for Column {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; kept {}; {}", self.purpose, self.retention, self.tier)
    }
}

impl fmt::Display for Holding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, table, row, rows, bytes, fields } = self;
        write!(f, "{file} {table}: {rows} rows, {bytes} bytes. A row is {row}.")?;
        fields.iter().try_for_each(|field| write!(f, "\n    {:<20} {field}", field.column))
    }
}

impl fmt::Display for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { table, row, value, column } = self;
        write!(f, "{table} {row}, {}: {value}\n    {column}", column.column)
    }
}

/// Prints the totals, or everything about the account with this handle.
pub(crate) fn run(settings: &Settings, handle: Option<&Handle>, output: Output) -> Result<(), Failure> {
    let dir = DataDir::existing(settings)?;
    let inventory = Inventory::open(dir.path()).map_err(|error| Failure::Refused(error.to_string()))?;
    match handle {
        None => totals(&inventory, output),
        Some(handle) => about(&inventory, handle, output),
    }
}

fn totals(inventory: &Inventory, output: Output) -> Result<(), Failure> {
    let totals = inventory.totals().map_err(|error| Failure::Refused(error.to_string()))?;
    for total in &totals {
        output.record(&Holding::from(total))?;
    }
    output.remark(format_args!("Beside the databases lies {}; it is the server's own.", log_key::FILE))?;
    Ok(())
}

fn about(inventory: &Inventory, handle: &Handle, output: Output) -> Result<(), Failure> {
    let report = inventory.about(handle).map_err(|error| Failure::Refused(error.to_string()))?;
    let Some(AccountReport { account: _, fields }) = report else {
        return Err(Failure::Refused(format!("nobody is called {handle} here")));
    };
    for field in &fields {
        output.record(&Held::from(field))?;
    }
    output.remark("That is all: nothing here leads from an account to a conversation.")?;
    Ok(())
}
