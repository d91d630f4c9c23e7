//! Rust source as tokens: enough to find a call and its literals, in macros too, without compiling anything.

use std::str::FromStr as _;

use anyhow::{Context as _, anyhow};
use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

/// The tokens of a source text, without what is compiled for tests only.
pub(super) fn without_tests(text: &str) -> anyhow::Result<Vec<TokenTree>> {
    Ok(drop_tests(all(text)?))
}

/// All tokens of a source text.
pub(super) fn all(text: &str) -> anyhow::Result<Vec<TokenTree>> {
    let stream = TokenStream::from_str(text).map_err(|error| anyhow!("{error}"));
    Ok(stream.context("reading it as Rust")?.into_iter().collect())
}

/// Leaves out every item under `#[cfg(test)]`.
fn drop_tests(trees: Vec<TokenTree>) -> Vec<TokenTree> {
    let mut kept: Vec<TokenTree> = Vec::with_capacity(trees.len());
    let mut skipping = false;
    for tree in trees {
        if skipping {
            // An item ends with its body or its semicolon.
            let body = matches!(&tree, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace);
            skipping = !(body || is_punct(&tree, ';'));
            continue;
        }
        if let TokenTree::Group(group) = &tree
            && group.delimiter() == Delimiter::Bracket
            && group.stream().to_string().replace(' ', "") == "cfg(test)"
            && kept.last().is_some_and(|before| is_punct(before, '#'))
        {
            kept.pop();
            skipping = true;
            continue;
        }
        kept.push(match tree {
            TokenTree::Group(group) => {
                let inner = drop_tests(group.stream().into_iter().collect());
                TokenTree::Group(Group::new(group.delimiter(), inner.into_iter().collect()))
            }
            other => other,
        });
    }
    kept
}

/// Whether a token is this sign.
pub(super) fn is_punct(tree: &TokenTree, sign: char) -> bool {
    matches!(tree, TokenTree::Punct(punct) if punct.as_char() == sign)
}

/// The word that a token is.
pub(super) fn word(tree: &TokenTree) -> Option<String> {
    match tree {
        TokenTree::Ident(ident) => Some(ident.to_string()),
        _ => None,
    }
}

/// Whether a token is this word.
pub(super) fn is_word(tree: &TokenTree, wanted: &str) -> bool {
    matches!(tree, TokenTree::Ident(ident) if ident == wanted)
}

/// What is between the delimiters of a token that is such a group.
pub(super) fn inside(tree: &TokenTree, delimiter: Delimiter) -> Option<Vec<TokenTree>> {
    match tree {
        TokenTree::Group(group) if group.delimiter() == delimiter => {
            Some(group.stream().into_iter().collect())
        }
        _ => None,
    }
}

/// The value of a token that is a string literal.
pub(super) fn text(tree: &TokenTree) -> Option<String> {
    match tree {
        TokenTree::Literal(literal) => {
            syn::parse_str::<syn::LitStr>(&literal.to_string()).ok().map(|literal| literal.value())
        }
        _ => None,
    }
}

/// The values of all string literals, however deep.
pub(super) fn texts(trees: &[TokenTree]) -> Vec<String> {
    let mut found = Vec::new();
    for tree in trees {
        match tree {
            TokenTree::Group(group) => {
                found.extend(texts(&group.stream().into_iter().collect::<Vec<_>>()));
            }
            other => found.extend(text(other)),
        }
    }
    found
}

/// Calls `look` with the tokens of every level, the outermost first.
pub(super) fn at_every_level(trees: &[TokenTree], look: &mut impl FnMut(&[TokenTree])) {
    look(trees);
    for tree in trees {
        if let TokenTree::Group(group) = tree {
            at_every_level(&group.stream().into_iter().collect::<Vec<_>>(), look);
        }
    }
}

/// The fields of a struct literal: names and the tokens of their values.
pub(super) fn fields(inside: &[TokenTree]) -> Vec<(String, Vec<TokenTree>)> {
    inside
        .split(|tree| is_punct(tree, ','))
        .filter_map(|field| match field {
            [name, colon, value @ ..] if is_punct(colon, ':') => Some((word(name)?, value.to_vec())),
            _ => None,
        })
        .collect()
}
