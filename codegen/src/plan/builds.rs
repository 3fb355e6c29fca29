//! The constants of captured builds.

use super::ir::BuildConstant;
use etw_schema::model::schema::{Build, Schema};

pub(super) fn plan(schema: &Schema) -> Vec<BuildConstant> {
    let constant = |build: &Build| BuildConstant {
        name: if build.number == Build::UNKNOWN { "UNKNOWN".to_owned() } else { format!("B{}", build.number) },
        number: build.number,
        product: build.product.clone(),
        docs: document(build),
    };
    schema.builds.iter().map(constant).collect()
}

/// The product, and what was captured from the build and what not.
fn document(build: &Build) -> Vec<String> {
    let product = match (build.number, build.product.as_str()) {
        (Build::UNKNOWN, "") => "A capture of an unknown build: it serves every build".to_owned(),
        (number, "") => format!("Build {number}"),
        (_, product) => product.to_owned(),
    };
    let mut lines = vec![format!("{product}.")];
    if !build.facts.is_empty() {
        lines.extend([String::new(), "Where its facts come from:".to_owned(), String::new()]);
    }
    lines.extend(build.facts.iter().map(|(kind, fact)| {
        format!(
            "- {}: {} ({})",
            kind.word().replace('_', " "),
            fact.status,
            fact.source.replace('<', "\\<").replace('[', "\\[")
        )
    }));
    lines
}
