//! How a protobuf message looks in a vector: field names as in the contract, byte strings in hex, enums by name.
//!
//! It goes both ways and uses the contract's descriptors, not the generated types, so that a vector is read by other
//! code than the one under test.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context as _, bail};
use prost::bytes::Bytes;
use protox::prost_reflect::{
    DescriptorPool, DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, Value,
};
use serde_json::{Map, Value as Json};

/// The contract, compiled from its files.
pub struct Contract {
    pool: DescriptorPool,
}

impl Contract {
    /// Reads `core/wire/proto`.
    ///
    /// # Errors
    /// When it does not compile.
    pub fn load() -> anyhow::Result<Self> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../core/wire/proto");
        let files = ["identity", "server", "frame", "account", "topic", "content"]
            .map(|name| format!("sotto/v1/{name}.proto"));
        let descriptors = protox::compile(files, [folder])?;
        Ok(Self { pool: DescriptorPool::from_file_descriptor_set(descriptors)? })
    }

    /// Bytes of the message `sotto.v1.{name}` as JSON.
    ///
    /// # Errors
    /// When they are no such message.
    pub fn to_json(&self, name: &str, bytes: &[u8]) -> anyhow::Result<Json> {
        Ok(message_to_json(&DynamicMessage::decode(self.message(name)?, bytes)?))
    }

    /// JSON of the message `sotto.v1.{name}` as bytes.
    ///
    /// # Errors
    /// When it has not the form that [`to_json`](Self::to_json) gives.
    pub fn to_bytes(&self, name: &str, json: &Json) -> anyhow::Result<Vec<u8>> {
        Ok(prost::Message::encode_to_vec(&message_from_json(self.message(name)?, json)?))
    }

    /// Every field of every message in the contract, as `Message.field`.
    pub fn fields(&self) -> BTreeSet<String> {
        let messages = self.pool.all_messages();
        messages.flat_map(|m| m.fields().map(|field| name_of(&field)).collect::<Vec<_>>()).collect()
    }

    /// Adds the fields that are set in these bytes.
    ///
    /// # Errors
    /// When they are no message of that name.
    pub fn collect_fields(
        &self,
        name: &str,
        bytes: &[u8],
        into: &mut BTreeSet<String>,
    ) -> anyhow::Result<()> {
        collect(&DynamicMessage::decode(self.message(name)?, bytes)?, into);
        Ok(())
    }

    fn message(&self, name: &str) -> anyhow::Result<MessageDescriptor> {
        self.pool
            .get_message_by_name(&format!("sotto.v1.{name}"))
            .with_context(|| format!("the contract has no message {name}"))
    }
}

fn name_of(field: &FieldDescriptor) -> String {
    format!("{}.{}", field.parent_message().name(), field.name())
}

fn collect(message: &DynamicMessage, into: &mut BTreeSet<String>) {
    for (field, value) in message.fields() {
        into.insert(name_of(&field));
        match value {
            Value::Message(inner) => collect(inner, into),
            Value::List(all) => all.iter().filter_map(Value::as_message).for_each(|one| collect(one, into)),
            _ => {}
        }
    }
}

fn message_to_json(message: &DynamicMessage) -> Json {
    let fields =
        message.fields().map(|(field, value)| (field.name().to_owned(), value_to_json(&field, value)));
    Json::Object(fields.collect())
}

fn value_to_json(field: &FieldDescriptor, value: &Value) -> Json {
    match value {
        Value::Bool(value) => Json::from(*value),
        Value::U32(value) => Json::from(*value),
        Value::U64(value) => Json::from(*value),
        Value::String(value) => Json::from(value.as_str()),
        Value::Bytes(value) => Json::from(hex::encode(value)),
        Value::EnumNumber(number) => match field.kind() {
            Kind::Enum(kind) => {
                kind.get_value(*number).map_or_else(|| Json::from(*number), |value| Json::from(value.name()))
            }
            _ => Json::from(*number),
        },
        Value::Message(message) => message_to_json(message),
        Value::List(all) => Json::Array(all.iter().map(|one| value_to_json(field, one)).collect()),
        _ => Json::Null,
    }
}

fn message_from_json(descriptor: MessageDescriptor, json: &Json) -> anyhow::Result<DynamicMessage> {
    let fields: &Map<String, Json> = json.as_object().context("a message is an object")?;
    let mut message = DynamicMessage::new(descriptor.clone());
    for (name, json) in fields {
        let field = descriptor.get_field_by_name(name).with_context(|| format!("no field {name}"))?;
        let value = match json {
            Json::Array(all) if field.is_list() => {
                Value::List(all.iter().map(|one| value_from_json(&field, one)).collect::<Result<_, _>>()?)
            }
            one => value_from_json(&field, one)?,
        };
        message.set_field(&field, value);
    }
    Ok(message)
}

fn value_from_json(field: &FieldDescriptor, json: &Json) -> anyhow::Result<Value> {
    let value = match (field.kind(), json) {
        (Kind::Bool, Json::Bool(value)) => Some(Value::Bool(*value)),
        (Kind::Uint32, Json::Number(value)) => {
            value.as_u64().and_then(|v| Some(Value::U32(v.try_into().ok()?)))
        }
        (Kind::Uint64, Json::Number(value)) => value.as_u64().map(Value::U64),
        (Kind::String, Json::String(value)) => Some(Value::String(value.clone())),
        (Kind::Bytes, Json::String(value)) => Some(Value::Bytes(Bytes::from(hex::decode(value)?))),
        (Kind::Enum(kind), Json::String(name)) => {
            kind.get_value_by_name(name).map(|value| Value::EnumNumber(value.number()))
        }
        (Kind::Message(descriptor), json @ Json::Object(_)) => {
            return Ok(Value::Message(message_from_json(descriptor, json)?));
        }
        _ => None,
    };
    match value {
        Some(value) => Ok(value),
        None => bail!("{} cannot be {json}", name_of(field)),
    }
}
