//! The diagnostics that the sources make, found where they are made.

use proc_macro2::{Delimiter, TokenTree};

use super::catalogue::Said;
use super::tokens::{at_every_level, fields, inside, is_punct, is_word, text, texts};

/// What one source file makes.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Made {
    /// Summaries as they are written, and how bad they are if their place says so.
    pub(super) summaries: Vec<(String, Option<Said>)>,
    /// What is wrong with the way one is made.
    pub(super) problems: Vec<String>,
}

/// Looks through the tokens of a source file.
///
/// A summary is the first argument of `Diagnostic::error` or `Diagnostic::warning`, or the `summary` of a
/// `Complaint`: a literal, or a `format!` of one. Where the argument is a variable, every pair in the file that begins
/// with a literal is taken for a summary and its detail.
pub(super) fn made(trees: &[TokenTree]) -> Made {
    let mut made = Made::default();
    let mut variables = Vec::new();
    let mut pairs = Vec::new();
    at_every_level(trees, &mut |level| {
        for (at, tree) in level.iter().enumerate() {
            if let Some((said, arguments)) = call(&level[at..]) {
                match written(&arguments) {
                    Some(summary) => made.summaries.push((summary, Some(said))),
                    // What a check complains of is found where it complains.
                    None if arguments.first().is_some_and(|first| is_word(first, "complaint")) => {}
                    None => variables.push(spelled(&arguments)),
                }
                made.problems.extend(dumps(&arguments));
            }
            if is_word(tree, "Complaint")
                && let Some(body) = level.get(at + 1).and_then(|next| inside(next, Delimiter::Brace))
            {
                let summary = fields(&body).into_iter().find(|(name, _)| name == "summary");
                made.summaries.extend(summary.and_then(|(_, value)| Some((written(&value)?, None))));
                made.problems.extend(dumps(&body));
            }
            pairs.extend(pair(at.checked_sub(1).map(|before| &level[before]), tree));
        }
    });
    if !variables.is_empty() {
        if pairs.is_empty() {
            let words =
                |variable| format!("the summary of a diagnostic is `{variable}`, which is no literal");
            made.problems.extend(variables.into_iter().map(words));
        }
        made.summaries.extend(pairs.into_iter().map(|summary| (summary, None)));
    }
    made
}

/// The arguments of `Diagnostic::error(…)` or `Diagnostic::warning(…)`, if the tokens begin with one.
fn call(trees: &[TokenTree]) -> Option<(Said, Vec<TokenTree>)> {
    let [name, colon, another, constructor, arguments, ..] = trees else { return None };
    if !(is_word(name, "Diagnostic") && is_punct(colon, ':') && is_punct(another, ':')) {
        return None;
    }
    let said = match constructor {
        it if is_word(it, "error") => Said::Error,
        it if is_word(it, "warning") => Said::Warning,
        _ => return None,
    };
    Some((said, inside(arguments, Delimiter::Parenthesis)?))
}

/// The literal that tokens begin with, itself or in a `format!`.
fn written(trees: &[TokenTree]) -> Option<String> {
    match trees {
        [first, ..] if text(first).is_some() => text(first),
        [name, bang, arguments, ..] if is_word(name, "format") && is_punct(bang, '!') => {
            text(inside(arguments, Delimiter::Parenthesis)?.first()?)
        }
        _ => None,
    }
}

/// The literal at the beginning of a tuple of two or more. What follows a name or a `!` is a call.
fn pair(before: Option<&TokenTree>, tree: &TokenTree) -> Option<String> {
    if before.is_some_and(|before| matches!(before, TokenTree::Ident(_)) || is_punct(before, '!')) {
        return None;
    }
    match inside(tree, Delimiter::Parenthesis)?.as_slice() {
        [first, comma, ..] if is_punct(comma, ',') => text(first),
        _ => None,
    }
}

/// Literals that print a value in Rust's own form.
fn dumps(trees: &[TokenTree]) -> Vec<String> {
    let dumped = texts(trees).into_iter().filter(|text| text.contains(":?}") || text.contains(":#?}"));
    dumped.map(|text| format!("a diagnostic shows a debug dump: {text:?}")).collect()
}

/// The first argument, as a reader finds it.
fn spelled(arguments: &[TokenTree]) -> String {
    arguments.iter().take_while(|tree| !is_punct(tree, ',')).map(ToString::to_string).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostics::tokens::without_tests;

    fn found(source: &str) -> Made {
        made(&without_tests(source).unwrap())
    }

    fn summaries(source: &str) -> Vec<(String, Option<Said>)> {
        found(source).summaries
    }

    #[test]
    fn summaries_are_found_in_calls_formats_macros_and_checks() {
        let source = r#"
            fn a() -> Vec<Diagnostic> { vec![Diagnostic::error("In a \
                macro", format!("x"))] }
            fn b(kind: &str) -> Diagnostic { Diagnostic::warning(format!("No such {kind}"), "y") }
            fn c() -> Complaint { Complaint { summary: "Not a name".to_owned(), detail: "z".into() } }
            pub struct Complaint { pub summary: String }
        "#;
        let want = [
            ("No such {kind}", Some(Said::Warning)),
            ("Not a name", None),
            ("In a macro", Some(Said::Error)),
        ];
        let mut found = summaries(source);
        found.sort();
        let mut want = want.map(|(summary, said)| (summary.to_owned(), said));
        want.sort();
        assert_eq!(found, want);
    }

    #[test]
    fn what_is_for_tests_is_left_out() {
        let source = r#"
            #[cfg(test)]
            mod tests { fn a() { Diagnostic::error("In a test", "") } }
            #[cfg(test)]
            mod more;
            fn b() { Diagnostic::error("After it", "") }
        "#;
        assert_eq!(summaries(source), [("After it".to_owned(), Some(Said::Error))]);
    }

    #[test]
    fn a_summary_in_a_variable_comes_out_of_the_files_pairs() {
        let source = r#"
            fn words(kind: Kind) -> (&'static str, &'static str) {
                match kind { Kind::A => ("It is a", "Do."), Kind::B => { ("It is b", "Do.") } }
            }
            fn a() { let (summary, detail) = words(kind); log("not", "one"); Diagnostic::error(summary, detail) }
        "#;
        assert_eq!(summaries(source), [("It is a".to_owned(), None), ("It is b".to_owned(), None)]);
        let without = r#"fn a(it: &It) { log("not", "one"); Diagnostic::error(it.summary, "") }"#;
        let want = ["the summary of a diagnostic is `it.summary`, which is no literal"];
        assert_eq!(found(without).problems, want);
    }

    #[test]
    fn a_debug_dump_is_found() {
        let source = r#"fn a() { Diagnostic::error("A", format!("it is {x:?}")) }"#;
        assert_eq!(found(source).problems, [r#"a diagnostic shows a debug dump: "it is {x:?}""#]);
    }
}
