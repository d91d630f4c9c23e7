//! Models against values.

use std::collections::BTreeMap;

use tf_value::model::{FromRaw as _, ToRaw as _};
use tf_value::value::Value;

tf_value::model! {
    /// A sample.
    pub struct Sample {
        /// A keyword as a name.
        r#ref: String,
        /// Entries.
        counts: BTreeMap<String, Value<i64>>,
    }
}

#[test]
fn a_model_reads_back_as_written() {
    let sample = Sample {
        r#ref: Value::Unknown,
        counts: Value::Known(BTreeMap::from([
            ("a".to_owned(), Value::Known(1)),
            ("b".to_owned(), Value::Null),
        ])),
    };
    assert_eq!(Sample::FIELDS, ["ref", "counts"]);
    assert_eq!(Sample::from_raw(&sample.to_raw()), Ok(sample));
}

#[test]
fn a_number_that_cannot_be_used_is_not_told() {
    let number = tf_value::raw::Raw::Number(tf_value::number::Number::from_f64(1.5));
    assert_eq!(i64::from_raw(&number), Err("a whole number of 64 bits is wanted".to_owned()));
}
